-- A node has connected: is this the server that wrote last, and does it hold all that it confirmed?
-- KEYS: state; runs: how many marks each had when the next took over. ARGV: run, whether it was
-- promoted, the run that the node knows, the marks that it saw confirmed there, the floor after a
-- loss, the floor after a restart, the floor `lost` that the node knows of its run, whether its
-- fleet has marked before.
local state, runs = unpack(KEYS)
local run, promoted, known_run, known = ARGV[1], ARGV[2] == '1', ARGV[3], tonumber(ARGV[4])
local after_loss, after_restart = tonumber(ARGV[5]), tonumber(ARGV[6])

local held = redis.call('HMGET', state, 'run', 'marks', 'here', 'lost', 'counts', 'servers')
local marks = tonumber(held[2] or 0)
local lost, counts, servers = tonumber(held[4] or 0), tonumber(held[5] or 0), tonumber(held[6] or 0)
local lossy, restarted = false, held[1] ~= run

if not held[1] then
    -- Empty: a store is born, unless anybody says that there was one.
    lossy = known > 0 or promoted or ARGV[8] == '1'
elseif restarted then
    lossy = promoted or held[3] ~= held[2]
    redis.call('HSET', runs, held[1], marks)
end
if known > 0 and held[1] then
    local had = marks
    if known_run ~= run then had = tonumber(redis.call('HGET', runs, known_run) or -1) end
    if known > had then lossy = true end
end

-- The same process, and a floor that no loss has raised: emptied, and begun anew by one who knew
-- nothing of it.
if known_run == run and lost ~= tonumber(ARGV[7]) and counts < lost then lossy = true end

if restarted or lossy then
    lost = math.max(lost, lossy and after_loss or after_restart)
    servers = servers + 1
    if lossy then counts = math.max(counts, after_loss) end
    redis.call('HSET', state, 'run', run, 'marks', marks, 'lost', string.format('%.0f', lost),
        'counts', string.format('%.0f', counts), 'servers', servers)
    redis.call('HSETNX', state, 'nonces', 0)
    redis.call('HSETNX', state, 'cells', 0)
    redis.set_repl(redis.REPL_AOF)
    redis.call('HSET', state, 'here', marks)
    redis.set_repl(redis.REPL_ALL)
    if lossy then
        -- Whatever was confirmed by the runs before is settled by this.
        if restarted and held[1] then redis.call('HSET', runs, held[1], '9007199254740992') end
        if known > 0 and known_run ~= run then
            redis.call('HSET', runs, known_run, '9007199254740992')
        end
    end
end
return {marks, string.format('%.0f', lost)}
