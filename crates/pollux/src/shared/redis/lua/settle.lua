-- KEYS: the account. ARGV: now, replica, reserved ×3, mark, day, month, taken ×3, whether it was reserved elsewhere.
local now, replica = clock(ARGV[1]), ARGV[2]
local raw = redis.call('GET', KEYS[1])
if not raw then return 0 end
local a = cmsgpack.unpack(raw)
local was, is = {}, {}
for axis = 1, 3 do was[axis], is[axis] = tonumber(ARGV[2 + axis]), tonumber(ARGV[8 + axis]) end
local calls = a.f[replica]
if calls then a.f[replica] = calls[1] > 1 and { calls[1] - 1, now } or nil end
fix(a.m, tonumber(ARGV[6]), is[1] - was[1], is[2] - was[2])
local function correct(tally, start)
  if tally[1] ~= start then return end
  for axis = 1, 3 do
    tally[1 + axis] = tally[1 + axis] + is[axis]
    tally[4 + axis] = math.max(0, tally[4 + axis] - was[axis])
  end
end
correct(a.d, tonumber(ARGV[7]))
correct(a.M, tonumber(ARGV[8]))
correct(a.t, 0)
keep(a)
return 0
