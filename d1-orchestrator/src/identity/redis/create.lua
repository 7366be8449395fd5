-- KEYS: the record, the set of its owner's records or '', each name (its key is the last).
-- ARGV: now, ends, owner, body, key, names joined by blanks.
-- Answers 1 when it is kept, 0 when something is taken.
local now, ends = tonumber(ARGV[1]), tonumber(ARGV[2])
for index = 3, #KEYS do
  local holder = redis.call('HMGET', KEYS[index], 'key', 'ends')
  if holder[1] and tonumber(holder[2]) > now then
    return 0
  end
end
local life = math.max(ends - now, 1)
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'version', 1, 'ends', ARGV[2], 'owner', ARGV[3], 'body', ARGV[4],
  'names', ARGV[6])
redis.call('PEXPIRE', KEYS[1], life)
for index = 3, #KEYS do
  redis.call('DEL', KEYS[index])
  redis.call('HSET', KEYS[index], 'key', ARGV[5], 'ends', ARGV[2])
  redis.call('PEXPIRE', KEYS[index], life)
end
if KEYS[2] ~= '' then
  redis.call('ZADD', KEYS[2], 0, ARGV[5])
end
return 1
