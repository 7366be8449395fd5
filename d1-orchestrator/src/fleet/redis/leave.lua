-- KEYS: the nodes. ARGV: which one goes.
for _, node in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  if string.match(node, '^%S+') == ARGV[1] then
    redis.call('ZREM', KEYS[1], node)
  end
end
