-- mod_s2s_gateway: every server-to-server stream goes through one dna-gateway on this
-- machine (its link kind "external").
--
-- Outgoing streams are led to the gateway instead of being looked up in DNS.  On both kinds
-- of streams gateway and server prove to each other, for each pair of domains, that they know
-- one secret; whoever does not is not believed, whatever his address.  Only then is the
-- stream taken for secure, so s2s_require_encryption and s2s_secure_auth can stay on: who is
-- not the gateway needs TLS and a certificate, as ever.
--
--     modules_enabled = { ...; "s2s_gateway" }
--     s2s_gateway = { "127.0.2.1", 5269 }
--     s2s_gateway_secret_file = "/etc/prosody/s2s-gateway.secret"
--
-- Without a usable secret there is no server-to-server traffic at all, and the log says why.

module:set_global();

local hashes = require "util.hashes";
local lfs = require "lfs";
local basic_resolver = require "net.resolvers.basic";
local service_resolver = require "net.resolvers.service";
local nameprep = require "util.encodings".stringprep.nameprep;
local random_bytes = require "util.random".bytes;
local st = require "util.stanza";

local hosts = prosody.hosts;
local secret; -- nil: nobody is believed, and nothing is sent

local xmlns_dialback = "jabber:server:dialback";
local xmlns_stream = "http://etherx.jabber.org/streams";
local nowhere = { next = function (_, callback) callback(nil, "the gateway's secret cannot be used"); end };

-- The file's only line, or nil and why not.  Others must not have access to it.
local function read_secret(name)
	if not name then return nil, "s2s_gateway_secret_file is not set"; end
	local attributes, why = lfs.attributes(name);
	if not attributes then return nil, why; end
	if attributes.mode ~= "file" then return nil, name..": this is no regular file"; end
	if attributes.permissions ~= "rw-------" and attributes.permissions ~= "r--------" then
		return nil, name..": others have access to it; set its mode to 0600 and make a new secret";
	end
	local file; file, why = io.open(name, "rb");
	if not file then return nil, why; end
	local text = file:read(514) or "";
	file:close();
	text = text:gsub("\n$", "");
	if #text < 32 or #text > 512 or text:find("[^!-~]") then
		return nil, name..": the secret must be one line of 32 to 512 ASCII characters without blanks";
	end
	return text;
end

local function load_secret()
	local why;
	secret, why = read_secret(module:get_option_string("s2s_gateway_secret_file"));
	if not secret then
		module:log("error", "There is no server-to-server traffic: %s", why);
	end
end

-- id: of the stream, made by who is asked; from, to: as in what is asked; nonce: by who asks.
local function proof(label, id, from, to, nonce)
	return hashes.hmac_sha256(secret, table.concat({ label; id; from; to; nonce }, " "), true);
end

local function new_nonce()
	return (random_bytes(16):gsub(".", function (c) return ("%02x"):format(c:byte()); end));
end

-- The other end of the stream has proven that it is the gateway.
local function believe(session)
	session.secure = true;
	session.authenticated_remote = true;
	session.cert_chain_status, session.cert_identity_status = "valid", "valid";
end

local function refuse(session, why)
	session.log("warn", "The other end is not the gateway: %s", why);
	session:close({ condition = "not-authorized", text = why });
	return true;
end

--- Where outgoing streams lead

-- mod_s2s of 0.12.3 has no event for this; it calls new() for each of the two services.
local original_new = service_resolver.new;
function service_resolver.new(name, service, ...)
	local gateway = module:get_option("s2s_gateway");
	if service == "xmpps-server" then
		return nowhere;
	elseif service ~= "xmpp-server" then
		return original_new(name, service, ...);
	elseif not secret or type(gateway) ~= "table" or type(gateway[1]) ~= "string" then
		module:log("error", "No stream to %s: %s", name,
			secret and "s2s_gateway must be { \"ADDRESS\", PORT }" or "the gateway's secret cannot be used");
		return nowhere;
	end
	return basic_resolver.new(gateway[1], tonumber(gateway[2]) or 5269, "tcp", {});
end

function module.unload()
	service_resolver.new = original_new;
end

--- Streams

local function outgoing_created(event)
	local session = event.session;
	session.ssl_ctx = false; -- mod_tls would try STARTTLS even where it is not offered
	session.s2s_gateway = true;
end

local function ask(session)
	if not session.s2s_gateway or session.type ~= "s2sout_unauthed" then return; end
	local from, to, nonce = session.from_host, session.to_host, new_nonce();
	if not secret or not session.streamid then
		return refuse(session, "the gateway's secret cannot be used");
	end
	session.s2s_gateway_nonce = nonce;
	session.sends2s(st.stanza("db:result", { ["xmlns:db"] = xmlns_dialback; from = from; to = to })
		:text(nonce..":"..proof("server-asks", session.streamid, from, to, nonce)));
	return true;
end

local function take_answer(session, stanza)
	local attr, nonce = stanza.attr, session.s2s_gateway_nonce;
	if not session.s2s_gateway then return; end
	if not secret or not nonce or session.type ~= "s2sout_unauthed" then
		return refuse(session, "an answer that nobody asked for");
	end
	local from, to = session.from_host, session.to_host;
	if attr.type ~= "valid" then
		session:close(nil, "the gateway does not take streams from "..from.." to "..to);
		return true;
	end
	if nameprep(attr.from) ~= to or nameprep(attr.to) ~= from or
	   not hashes.equals(stanza:get_text() or "", proof("gateway-answers", session.streamid, from, to, nonce)) then
		return refuse(session, "its answer does not prove the secret");
	end
	session.s2s_gateway_nonce = nil;
	believe(session);
	module:context(from):fire_event("s2s-authenticated", { session = session; host = to; mechanism = "s2s_gateway" });
	return true;
end

-- NONCE:PROOF is a request of the gateway's; anything else is ordinary dialback, and none of ours.
local function take_request(session, stanza)
	local attr = stanza.attr;
	local nonce, proven = (stanza:get_text() or ""):match("^(%x+):(%x+)$");
	if attr.type or not nonce then return; end
	local from, to = nameprep(attr.from or ""), nameprep(attr.to or "");
	if not secret or #nonce ~= 32 or not session.streamid or not from or not to or
	   not hashes.equals(proven, proof("gateway-asks", session.streamid, attr.from, attr.to, nonce)) then
		return refuse(session, "its request does not prove the secret");
	end
	if not hosts[to] or hosts[to].type ~= "local" and hosts[to].type ~= "component" then
		session.sends2s(st.stanza("db:result", { ["xmlns:db"] = xmlns_dialback; from = attr.to; to = attr.from; type = "error" })
			:tag("error", { type = "cancel" }):tag("item-not-found", { xmlns = "urn:ietf:params:xml:ns:xmpp-stanzas" }));
		return true;
	end
	if hosts[from] then return refuse(session, "it claims a domain of this server"); end
	session.from_host = session.from_host or from;
	session.to_host = session.to_host or to;
	believe(session);
	module:context(to):fire_event("s2s-authenticated", { session = session; host = from; mechanism = "s2s_gateway" });
	session.sends2s(st.stanza("db:result", { ["xmlns:db"] = xmlns_dialback; from = attr.to; to = attr.from; type = "valid" })
		:text(proof("server-answers", session.streamid, attr.from, attr.to, nonce)));
	return true;
end

function module.add_host(module)
	module:hook("s2sout-created", outgoing_created, 100); -- before mod_tls
	module:hook("stanza/"..xmlns_stream..":features", function (event)
		return ask(event.origin);
	end, 1000); -- before mod_tls, mod_saslauth and mod_dialback
	module:hook("s2sout-authenticate-legacy", function (event)
		return ask(event.origin);
	end, 1000);
	module:hook("stanza/"..xmlns_dialback..":result", function (event)
		local session = event.origin;
		if session.type == "s2sout_unauthed" or session.type == "s2sout" then
			return take_answer(session, event.stanza);
		elseif session.type == "s2sin_unauthed" or session.type == "s2sin" then
			return take_request(session, event.stanza);
		end
	end, 1000);
end

module:hook("config-reloaded", load_secret);
load_secret();
