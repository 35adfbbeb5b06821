-- Reserves serials, in one step. KEYS: state, serials. ARGV: run, lost as it was adopted, name,
-- least, count, leap, last.
local state, serials = unpack(KEYS)
local run, adopted, name, least = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local count, leap, last = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local held = redis.call('HMGET', state, 'run', 'servers', 'lost')
if held[1] ~= run or held[3] ~= adopted then return {'run'} end
local servers, next = string.match(redis.call('HGET', serials, name) or '0:0', '^(%d+):(%d+)$')
next = tonumber(next)
if servers ~= held[2] then next = next + leap end
local start = math.max(next, least)
if start + count > last then return {'last'} end
redis.call('HSET', serials, name, string.format('%s:%.0f', held[2], start + count))
return {'reserved', string.format('%.0f', start)}
