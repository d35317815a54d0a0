-- KEYS: the account. ARGV: now, start and end of day, of month, replica, requests, tokens, cost, ten caps, nine sums that
-- an account which is new here begins with.
local now, day, month = clock(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
local replica, need = ARGV[6], { tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]) }
local a, fresh = account(now, day, month)
if fresh then at_least(a, 20) end

local function needs(limit)
  if limit == 4 then return 1 end
  if limit == 2 then return need[2] end
  return PLACE[limit] and need[PLACE[limit][2]] or need[1]
end

-- How long a limit keeps the call out: 0 until calls end, 1 until a moment, 2 for good, 3 it is too large; nil if it fits.
local function shut(limit, cap)
  local wants = needs(limit)
  if wants > cap or cap == 0 then return 3, 0 end
  if limit <= 2 then
    local at = opens(a.m, limit, wants, cap, now, SPAN)
    if at == nil then return nil end
    return 1, at or now + SPAN
  end
  if limit == 4 then
    if flying(a, now) >= cap then return 0, 0 end
    return nil
  end
  local tally, axis = a[PLACE[limit][1]], PLACE[limit][2]
  local function fits(sum) return sum < cap and sum + wants <= cap end
  if fits(tally[1 + axis] + tally[4 + axis]) then return nil end
  if fits(tally[1 + axis]) then return 0, 0 end
  if PLACE[limit][1] == 't' then return 2, 0 end
  return 1, tonumber(PLACE[limit][1] == 'd' and ARGV[3] or ARGV[5])
end

local worst = nil
for limit = 1, 10 do
  local cap = tonumber(ARGV[9 + limit])
  if cap then
    local kind, at = shut(limit, cap)
    if kind and (not worst or kind > worst[2] or (kind == worst[2] and at >= worst[3])) then
      worst = { limit, kind, at, used(a, limit, now), needs(limit) }
    end
  end
end
if worst then
  if fresh then keep(a) end
  return told(a, now, { now, worst[1], worst[2], worst[3], worst[4], worst[5] })
end

local calls = a.f[replica] or { 0, now }
a.f[replica] = { calls[1] + 1, now }
for _, name in ipairs({ 'd', 'M', 't' }) do
  for axis = 1, 3 do a[name][4 + axis] = a[name][4 + axis] + need[axis] end
end
local mark = put(a.m, now, need[1], need[2])
keep(a)
return told(a, now, { now, 0, mark, a.d[1], a.M[1], 0 })
