-- KEYS: the hash of replicas. ARGV: id, what is told of it, after how many milliseconds one counts as gone.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[2] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[2])
end
redis.call('PEXPIRE', KEYS[1], 600000)
local reply = { tostring(now) }
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local seen = tonumber(string.match(all[i + 1], '^%d+'))
  if now - seen > tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], all[i])
  else
    reply[#reply + 1], reply[#reply + 2] = all[i], all[i + 1]
  end
end
return reply
