-- KEYS: one for each ask. ARGV: interval, tolerance and quantity of each ask, in µs.
-- The law of d1_core::Limit::admit, by the server's own clock: all asks pass, or none is taken.
-- Answers three numbers for each ask: whether it passes, how far ahead of now what would be
-- remembered is, and how long it waits. Numbers that are passed on stay exact up to 2^53.
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000000 + time[2]

-- Remembers for a key what is that far ahead, and no longer than it means anything.
local function remember(key, ahead)
  call('SET', key, now + ahead, 'PX', math.ceil(ahead / 1000))
end

local seen, said, pass = {}, {}, true
for i = 1, #KEYS do
  local key, tolerance = KEYS[i], tonumber(ARGV[3 * i - 1])
  local ahead = seen[key]
  if not ahead then
    local known = call('GET', key)
    ahead = known and math.min(math.max(known - now, 0), tolerance) or 0
  end
  local after = ahead + ARGV[3 * i - 2] * ARGV[3 * i]
  if after <= tolerance then
    said[3 * i - 2], said[3 * i - 1], said[3 * i] = 1, after, 0
    seen[key] = after
  else
    pass = false
    said[3 * i - 2], said[3 * i - 1], said[3 * i] = 0, ahead, after - tolerance
    seen[key] = ahead
  end
end
if pass then
  for key, ahead in pairs(seen) do
    if ahead > 0 then
      remember(key, ahead)
    end
  end
else
  -- What is too far ahead for this limit is brought back: see Limit::furthest.
  for i = 1, #KEYS do
    local known, tolerance = call('GET', KEYS[i]), tonumber(ARGV[3 * i - 1])
    if known and known - now > tolerance then
      remember(KEYS[i], tolerance)
    end
  end
end
return said
