-- Requests from lists, for wrk: `wrk … -s requests.lua URL -- THREADS FILE:WEIGHT …`
--
-- A line of a file is path, token, entity tag and body, with tabs between; with a body it is a POST,
-- and the tag may be empty as well. Of each sum of weights so many requests come from each file.
-- Every thread walks a part of its own of each list, and begins it anew after its end; `repeated`
-- tells how often that was so of the last file. At last one line of JSON tells what was seen; times
-- are in milliseconds where nothing else is said.

local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

-- Only what belongs to thread `number` of `count` is kept: a list is longer than a thread needs.
local function read(path)
    local list = {}
    local index = 0
    for line in io.lines(path) do
        local path, token, tag, body = line:match("^([^\t]*)\t([^\t]*)\t([^\t]*)\t([^\t]*)$")
        if index % threadCount == number then
            local headers = {["Authorization"] = "Bearer " .. token}
            if tag ~= "" then headers["If-None-Match"] = tag end
            if body == "" then
                table.insert(list, wrk.format("GET", path, headers))
            else
                headers["Content-Type"] = "application/json"
                table.insert(list, wrk.format("POST", path, headers, body))
            end
        end
        index = index + 1
    end
    return list
end

function init(arguments)
    threadCount = tonumber(arguments[1])
    lists, places, order = {}, {}, {}
    local weights, sum = {}, 0
    for index = 2, #arguments do
        local path, weight = arguments[index]:match("^(.*):(%d+)$")
        table.insert(lists, read(path))
        table.insert(places, 0)
        table.insert(weights, tonumber(weight))
        sum = sum + weights[#weights]
    end
    -- The rarer ones are spread among the others.
    local owed = {}
    for index = 1, #lists do owed[index] = 0 end
    for _ = 1, sum do
        local most = 1
        for index = 1, #lists do
            owed[index] = owed[index] + weights[index]
            if owed[index] > owed[most] then most = index end
        end
        owed[most] = owed[most] - sum
        table.insert(order, most)
    end
    step, repeated = 0, 0
end

function request()
    step = step % #order + 1
    local which = order[step]
    local list = lists[which]
    local place = places[which]
    places[which] = place + 1
    if which == #lists and place >= #list then repeated = repeated + 1 end
    return list[place % #list + 1]
end

function done(summary, latency, requests)
    local repeated = 0
    for _, thread in ipairs(threads) do repeated = repeated + thread:get("repeated") end
    local errors = summary.errors
    print(string.format(
        '{"requests":%d,"microseconds":%d,"bytes":%d,"p50":%.3f,"p99":%.3f,"p999":%.3f,'
            .. '"lost":%d,"refused":%d,"repeated":%d}',
        summary.requests, summary.duration, summary.bytes,
        latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        latency:percentile(99.9) / 1000,
        errors.connect + errors.read + errors.write + errors.timeout, errors.status, repeated
    ))
end
