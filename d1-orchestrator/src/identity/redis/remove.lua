-- KEYS: the record. ARGV: key, what names begin with, what owners begin with.
local kept = redis.call('HMGET', KEYS[1], 'owner', 'names')
if kept[2] then
  for name in string.gmatch(kept[2], '%S+') do
    redis.call('DEL', ARGV[2] .. name)
  end
  if kept[1] ~= '' then
    redis.call('ZREM', ARGV[3] .. kept[1], ARGV[1])
  end
  redis.call('DEL', KEYS[1])
end
return 1
