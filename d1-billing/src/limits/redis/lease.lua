-- KEYS: the leases of an owner, by the moment in ms at which each ends.
-- ARGV: what to do, which lease, for how many ms, how many there may be.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local key, verb, lease = KEYS[1], ARGV[1], ARGV[2]
redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
if verb == 'give back' then
  return redis.call('ZREM', key, lease)
end
if verb == 'take' then
  if redis.call('ZCARD', key) >= tonumber(ARGV[4]) then
    return 0
  end
elseif not redis.call('ZSCORE', key, lease) then
  return 0
end
redis.call('ZADD', key, now + tonumber(ARGV[3]), lease)
-- The set goes with the last of its leases, even if nobody asks again.
local last = redis.call('ZREVRANGE', key, 0, 0, 'WITHSCORES')
redis.call('PEXPIREAT', key, string.format('%.0f', tonumber(last[2]) + 1))
return 1
