-- KEYS: the set of an owner's records. ARGV: now, what every record begins with, the most.
-- Answers key, version, end, owner, body and names of each; what has ended leaves the set.
local found = {}
for _, key in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], '-', '+')) do
  if #found >= tonumber(ARGV[3]) then
    break
  end
  local kept = redis.call('HMGET', ARGV[2] .. key, 'version', 'ends', 'owner', 'body', 'names')
  if not kept[1] then
    redis.call('ZREM', KEYS[1], key)
  elseif tonumber(kept[2]) > tonumber(ARGV[1]) then
    found[#found + 1] = { key, kept[1], kept[2], kept[3], kept[4], kept[5] }
  end
end
return found
