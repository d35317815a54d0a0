-- One bucket: {m = marks, n = day, r = requests of the day, t = its tokens, y = young since}.
local function bucket()
  local raw = redis.call('GET', KEYS[1])
  return raw and cmsgpack.unpack(raw)
end

local function keep(b, ttl)
  redis.call('SET', KEYS[1], cmsgpack.pack(b), 'PX', ttl)
end
