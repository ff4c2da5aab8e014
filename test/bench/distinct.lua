-- SPDX-License-Identifier: Apache-2.0 - wrk asks with the next token of a file each time, and counts
-- wrk -s distinct.lua URL -- TOKENS START: one token a line, or "-" for requests without any

local requests = {}
local at = 0

function init(args)
    local start = tonumber(args[2]) or 0

    if args[1] == "-" then
        requests[1] = wrk.format("GET")
    else
        for line in io.lines(args[1]) do
            requests[#requests + 1] = wrk.format("GET", nil,
                                                 { ["Authorization"] = "Bearer " .. line })
        end
    end
    at = start % #requests
end

function request()
    at = at % #requests + 1
    return requests[at]
end

function done(summary, latency)
    print(string.format('RESULT {"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d}',
                        summary.requests, summary.duration, summary.errors.status,
                        summary.errors.connect + summary.errors.read + summary.errors.write
                        + summary.errors.timeout,
                        latency:percentile(50), latency:percentile(99)))
end
