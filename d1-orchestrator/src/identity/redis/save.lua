-- KEYS: the record.
-- ARGV: now, version, ends, owner, body, key, what names begin with, what owners begin with.
-- Answers the new version, or 0 when it has changed or ended.
local now = tonumber(ARGV[1])
local kept = redis.call('HMGET', KEYS[1], 'version', 'ends', 'owner', 'names')
if not kept[1] or kept[1] ~= ARGV[2] or tonumber(kept[2]) <= now then
  return 0
end
local life = math.max(tonumber(ARGV[3]) - now, 1)
redis.call('HSET', KEYS[1], 'ends', ARGV[3], 'owner', ARGV[4], 'body', ARGV[5])
local version = redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('PEXPIRE', KEYS[1], life)
for name in string.gmatch(kept[4], '%S+') do
  redis.call('HSET', ARGV[7] .. name, 'ends', ARGV[3])
  redis.call('PEXPIRE', ARGV[7] .. name, life)
end
if kept[3] ~= ARGV[4] then
  if kept[3] ~= '' then
    redis.call('ZREM', ARGV[8] .. kept[3], ARGV[6])
  end
  if ARGV[4] ~= '' then
    redis.call('ZADD', ARGV[8] .. ARGV[4], 0, ARGV[6])
  end
end
return version
