-- KEYS: one for each ask. ARGV: interval, tolerance and quantity of each ask, in µs.
-- The law of d1_core::Limit::admit, by the server's own clock: all asks pass, or none is taken.
-- Answers whether each passes, what would be remembered of it, and how long it waits; then now.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local seen, said, pass = {}, {}, true
for i, key in ipairs(KEYS) do
  local interval, tolerance = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1])
  local most = now + tolerance
  local before = seen[key] or tonumber(redis.call('GET', key) or 0)
  before = math.min(math.max(before, now), most)
  local after = before + interval * tonumber(ARGV[3 * i])
  if after <= most then
    said[i] = { 1, after - now, 0 }
    seen[key] = after
  else
    pass = false
    said[i] = { 0, before - now, after - most }
    seen[key] = before
  end
end
for i, key in ipairs(KEYS) do
  local most = now + tonumber(ARGV[3 * i - 1])
  if pass then
    if seen[key] > now then
      redis.call('SET', key, string.format('%.0f', seen[key]), 'PX', math.ceil((seen[key] - now) / 1000))
    end
  else
    -- What is too far ahead for this limit is brought back: see Limit::furthest.
    local known = tonumber(redis.call('GET', key) or 0)
    if known > most then
      redis.call('SET', key, string.format('%.0f', most), 'PX', math.ceil((most - now) / 1000))
    end
  end
end
return said
