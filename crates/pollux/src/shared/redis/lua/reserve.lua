-- KEYS: the bucket, the epoch of its model.
-- ARGV: now, span, requests, tokens, rpm, tpm, rpd, tpd, own requests, own tokens, replicas, day, requests of it seen,
-- tokens of it seen, time to live, force.
local now, span = clock(ARGV[1]), tonumber(ARGV[2])
local requests, tokens = tonumber(ARGV[3]), tonumber(ARGV[4])
local rpm, tpm, rpd, tpd = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local own_requests, own_tokens, replicas = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local day, seen_requests, seen_tokens = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[14])
local ttl, force = tonumber(ARGV[15]), ARGV[16] == '1'

-- Since when this server counts for the model: all that came before is not known here.
local epoch = tonumber(redis.call('GET', KEYS[2]) or '')
if not epoch then
  epoch = now
  redis.call('SET', KEYS[2], now, 'PX', ttl)
else
  redis.call('PEXPIRE', KEYS[2], ttl)
end

local b = bucket()
if not b then
  b = { m = {}, n = day, r = 0, t = 0, y = epoch }
  -- Somebody used it within the minute, and that is gone.
  if own_requests > 0 then b.y = now end
end
b.m = live(b.m, now, span)
if day > b.n then b.n, b.r, b.t = day, 0, 0 end
if day == b.n then b.r, b.t = math.max(b.r, seen_requests), math.max(b.t, seen_tokens) end

local closed, wait, from = 0, 0, 0
local function close(kind, ms, least)
  if closed == 0 or kind > closed or (kind == closed and ms > wait) then closed, wait, from = kind, ms, least end
end

if not force then
  if rpm then
    local at = opens(b.m, 1, requests, rpm, now, span)
    if at ~= nil then close(1, at and at - now or span, 0) end
  end
  if tpm then
    local at = opens(b.m, 2, tokens, tpm, now, span)
    if at ~= nil then close(1, at and at - now or span, tokens) end
  end
  -- Young: what the replicas did before is not in here, so each may go as far as its share, until the minute is over.
  local young = math.max(b.y, epoch) + span - now
  if young > 0 and replicas > 1 then
    local function beyond(own, need, cap)
      return cap and own + need > math.max(1, math.floor(cap / replicas))
    end
    if beyond(own_requests, requests, rpm) then close(1, math.min(young, 1000), 0) end
    if beyond(own_tokens, tokens, tpm) then close(1, math.min(young, 1000), tokens) end
  end
  if rpd and b.r + requests > rpd then close(2, 0, 0) end
  if tpd and b.t + tokens > tpd then close(2, 0, tokens) end
end

local mark = 0
if closed == 0 then
  b.r, b.t = b.r + requests, b.t + tokens
  mark = put(b.m, now, requests, tokens)
  keep(b, ttl)
end
return { now, closed, wait, from, mark, held(b.m, 1), held(b.m, 2), b.r, b.t }
