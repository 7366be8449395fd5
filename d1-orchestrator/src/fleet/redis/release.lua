-- KEYS: the link of a device. ARGV: the fence of the claim that is over.
local known = redis.call('GET', KEYS[1])
if known and string.match(known, '^%d+') == ARGV[1] then
  redis.call('DEL', KEYS[1])
end
