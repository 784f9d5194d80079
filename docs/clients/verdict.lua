-- Asks the verdict service: may the server with this certificate speak for the domain?
--
-- usage: lua verdict.lua SOCKET DOMAIN CHAIN.pem [HOST PORT]
-- Exit status: 0 where it may, 1 where it may not.  See docs/verdict-service.md.
-- Needs LuaSocket with Unix domain sockets.
local unix = require("socket.unix")
local path, domain, file, host, port = table.unpack(arg)
assert(not domain:find('[%c"\\]') and not (host or ""):find('[%c"\\]'), "not a domain name")

local chain = {}
local pem = assert(io.open(file)):read("a")
for block in pem:gmatch("%-%-%-%-%-BEGIN CERTIFICATE%-%-%-%-%-(.-)%-%-%-%-%-END") do
  local der = block:gsub("%s", "")
  assert(not der:find("[^%w+/=]"), "not base64")
  chain[#chain + 1] = '"' .. der .. '"'
end
local endpoint = host and (',"host":"%s","port":%d'):format(host, tonumber(port)) or ""
local question = ('{"id":1,"domain":"%s","service":"xmpp-server","role":"initiating"%s,"chain":[%s]}\n')
  :format(domain, endpoint, table.concat(chain, ","))

local service = (unix.stream or unix)()
assert(service:connect(path))
assert(service:send(question))
local answer = assert(service:receive("*l"))
-- The answer is one object; no other member can hold this text, quotes within are escaped.
local ruling = answer:match('"ruling":"([A-Z_]+)"')
print(ruling, answer:match('"why":"(.-[^\\])"'))
os.exit(ruling == "PROVEN" and 0 or 1)
