-- KEYS: the account. ARGV: now, start of day, of month.
local now = clock(ARGV[1])
local a = account(now, tonumber(ARGV[2]), tonumber(ARGV[3]))
return told(a, now, { now })
