-- KEYS: the account. ARGV: now, start of day, of month, nine sums.
local a = account(clock(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]))
at_least(a, 4)
keep(a)
return 0
