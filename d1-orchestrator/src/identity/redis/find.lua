-- KEYS: a name. ARGV: now, what every record's name begins with.
-- Answers the record's key, version, end, owner, body and names, or nothing.
local key = redis.call('HGET', KEYS[1], 'key')
if not key then
  return {}
end
local found = redis.call('HMGET', ARGV[2] .. key, 'version', 'ends', 'owner', 'body', 'names')
if not found[1] or tonumber(found[2]) <= tonumber(ARGV[1]) then
  return {}
end
return { key, found[1], found[2], found[3], found[4], found[5] }
