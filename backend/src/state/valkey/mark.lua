-- Checks and marks, in one step. KEYS: state, the nonces' bucket, buckets by their end, cells,
-- cells by their end. ARGV: run, lost as it was adopted, now, made, nonces over, bucket's end, at
-- once, given, nonce or '', then for each cell its name, began, good until, keep until, before and
-- after.
local state, bucket, buckets, cells, ends = unpack(KEYS)
local run, adopted, now, made = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local over, bucket_end, at_once = tonumber(ARGV[5]), ARGV[6], ARGV[7]
local given, nonce = tonumber(ARGV[8]), ARGV[9]

local held = redis.call('HMGET', state, 'run', 'lost', 'counts', 'nonces', 'cells')
-- Another floor is another store: emptied, and begun anew by somebody else.
if held[1] ~= run or held[2] ~= adopted then return {'run'} end
local lost, counts = tonumber(held[2]), tonumber(held[3])
local nonces_floor, cells_floor = tonumber(held[4]), tonumber(held[5])

if made <= lost then return {'forgotten'} end
if nonce ~= '' then
    if given <= nonces_floor then return {'forgotten'} end
    if redis.call('SISMEMBER', bucket, nonce) == 1 then return {'spent'} end
end
for i = 10, #ARGV, 6 do
    if tonumber(ARGV[i + 1]) <= counts or tonumber(ARGV[i + 2]) <= cells_floor then
        return {'cell', (i - 10) / 6}
    end
end
local found, same = {'changed'}, true
for i = 10, #ARGV, 6 do
    local value = redis.call('HGET', cells, ARGV[i]) or ''
    found[#found + 1] = value
    same = same and value == ARGV[i + 4]
end
if not same then return found end

-- Nothing was written before this line, and nothing is refused behind it.
if nonce ~= '' then
    redis.call('SADD', bucket, nonce)
    redis.call('ZADD', buckets, 'NX', bucket_end, bucket)
end
for i = 10, #ARGV, 6 do
    redis.call('HSET', cells, ARGV[i], ARGV[i + 5])
    redis.call('ZADD', ends, ARGV[i + 3], ARGV[i])
end

for _, old in ipairs(redis.call('ZRANGEBYSCORE', buckets, '-inf', over, 'LIMIT', 0, 1)) do
    redis.call('HSET', state, 'nonces', redis.call('ZSCORE', buckets, old))
    redis.call('UNLINK', old)
    redis.call('ZREM', buckets, old)
end
local old = redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'WITHSCORES', 'LIMIT', 0, at_once)
for i = 1, #old, 2 do
    redis.call('HSET', state, 'cells', old[i + 1])
    redis.call('HDEL', cells, old[i])
    redis.call('ZREM', ends, old[i])
end

-- What is only in the server's own log tells it from a replica that goes on in its place.
local marks = redis.call('HINCRBY', state, 'marks', 1)
redis.set_repl(redis.REPL_AOF)
redis.call('HSET', state, 'here', marks)
redis.set_repl(redis.REPL_ALL)
return {'marked', marks}
