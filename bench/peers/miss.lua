-- Every request for another URL: /miss/<counter>-<seed>. The seed comes after "--" on wrk's
-- command line and is new for every run, so no run meets what an earlier one left in the cache.
local counter, head, tail = 0, nil, nil

function init(args)
  head = "GET /miss/"
  tail = "-" .. args[1] .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"] .. "\r\n\r\n"
end

function request()
  counter = counter + 1
  return head .. counter .. tail
end
