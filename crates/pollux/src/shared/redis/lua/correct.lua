-- KEYS: the bucket. ARGV: mark, day, requests more, tokens more.
local b = bucket()
if b then
  local requests, tokens = tonumber(ARGV[3]), tonumber(ARGV[4])
  fix(b.m, tonumber(ARGV[1]), requests, tokens)
  if b.n == tonumber(ARGV[2]) then b.r, b.t = math.max(0, b.r + requests), math.max(0, b.t + tokens) end
  redis.call('SET', KEYS[1], cmsgpack.pack(b), 'KEEPTTL')
end
return 0
