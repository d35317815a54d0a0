-- A user's account, as `pool::account` keeps it: {m = marks, d, M, t = {start, spent ×3, reserved ×3}, f = calls under
-- way by replica: {count, last seen}}. The two must agree: the contract suite runs on both.
local SPAN, SET_BACK, LEASE, TTL = 60000, 172800000, 900000, 3456000000
-- Where each limit of `Limit::ALL` is counted; the first two are the minute's, the fourth are calls under way.
local PLACE = { [3] = { 'd', 1 }, [5] = { 'd', 2 }, [6] = { 'M', 2 }, [7] = { 't', 2 }, [8] = { 'd', 3 },
  [9] = { 'M', 3 }, [10] = { 't', 3 } }

local function turned(tally, start)
  local ahead = tally[1] - start
  if ahead == 0 or (ahead > 0 and ahead <= SET_BACK) then return tally end
  return { start, 0, 0, 0, 0, 0, 0 }
end

local function account(now, day, month)
  local raw = redis.call('GET', KEYS[1])
  local a = raw and cmsgpack.unpack(raw)
    or { m = {}, d = { 0, 0, 0, 0, 0, 0, 0 }, M = { 0, 0, 0, 0, 0, 0, 0 }, t = { 0, 0, 0, 0, 0, 0, 0 }, f = {} }
  a.m, a.d, a.M = live(a.m, now, SPAN), turned(a.d, day), turned(a.M, month)
  return a, not raw
end

-- What a replica that is gone had under way is forgotten after a while.
local function flying(a, now)
  local sum = 0
  for replica, calls in pairs(a.f) do
    if now - calls[2] < LEASE then sum = sum + calls[1] else a.f[replica] = nil end
  end
  return sum
end

local function used(a, limit, now)
  if limit <= 2 then return held(a.m, limit) end
  if limit == 4 then return flying(a, now) end
  local tally, axis = a[PLACE[limit][1]], PLACE[limit][2]
  return tally[1 + axis] + tally[4 + axis]
end

-- When all of the minute is there again.
local function resets(a, axis, now)
  local at = now
  for i = 1, #a.m, 3 do
    if a.m[i + axis] > 0 then at = leaves(a.m[i], now, SPAN) end
  end
  return at
end

local function at_least(a, base)
  for i = 0, 8 do
    local tally = a[({ 'd', 'M', 't' })[math.floor(i / 3) + 1]]
    local axis = i % 3 + 2
    tally[axis] = math.max(tally[axis], tonumber(ARGV[base + i]))
  end
end

local function keep(a)
  redis.call('SET', KEYS[1], cmsgpack.pack(a), 'PX', TTL)
end

local function told(a, now, reply)
  for limit = 1, 10 do reply[#reply + 1] = used(a, limit, now) end
  reply[#reply + 1], reply[#reply + 2] = resets(a, 1, now), resets(a, 2, now)
  return reply
end
