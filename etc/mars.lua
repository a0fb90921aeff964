-- Copyright (c) 2026 The mars developers
-- SPDX-License-Identifier: ISC
--
-- A Wireshark dissector for MARS (RFC 2022), SCSP (RFC 2334), the MARS
-- records of RFC 2443, and NVC, which carries them over UDP.  Use it once
-- with "tshark -X lua_script:mars.lua", or put it into the plugin directory.
--
--	-o nvc.port:20220		the base port, 2022 by default; NVC at
--					other ports is found by its form
--	-o 'scsp.keys:257=0x00ff...'	to verify authenticators of
--					HMAC-SHA-256: SPI=KEY, as in the file
--					that mars.conf(5) names; with blanks
--					between several
--
-- An address is a field of its kind: mars.tpa (IPv4), mars.tpa6, and
-- mars.tpa.bytes for any other; that of an endpoint mars.sha, mars.sha6,
-- mars.sha.e164, with mars.sha.nsapa around it.  What no RFC lets a sender
-- send is an expert item, and stands in brackets in Info: mars.odd, scsp.odd
-- and nvc.odd; what can't be read any further mars.expert, scsp.expert and
-- nvc.expert.

local nvc = Proto("nvc", "NBMA Virtual Circuit")
local mars = Proto("mars", "Multicast Address Resolution Server")
local scsp = Proto("scsp", "Server Cache Synchronization Protocol")
local csa = Proto("csa", "MARS Cache State Advertisement")
local type1 = Proto("mars_type1", "MARS Type #1 data")
local type2 = Proto("mars_type2", "MARS Type #2 data")

nvc.prefs.port = Pref.uint("Base port", 2022,
    "Circuits are at this UDP port plus a selector of 0 to 255")
scsp.prefs.keys = Pref.string("Keys", "",
    "SPI=KEY of HMAC-SHA-256, with blanks between several")

-- 32 bits: of Lua's libraries one, or of Lua 5.3 its operators
local bits = bit or bit32 or load([[return {
	band = function(a, b) return a & b end,
	bxor = function(a, b) return a ~ b end,
	ror = function(a, n)
		return (a >> n | a << (32 - n)) & 0xffffffff
	end,
	rshift = function(a, n) return a >> n end }]])()
local band = bits.band

-- field(PROTO, NAME, KIND, TITLE[, BASE, VALUES, MASK])
local function field(proto, name, kind, title, ...)
	local f = ProtoField[kind](proto.name:lower() .. "." .. name, title,
	    ...)
	proto.fields[name] = f
	return f
end

local NVC_TYPES = { "SETUP", "RETRY", "CONNECT", "RELEASE", "ENQUIRY",
    "STATUS", "DATA", "BUNDLE" }
-- flags that a type may have
local NVC_FLAGS = { 0xc0, 0, 0x40, 0, 0, 0, 0x20, 0x20 }
local OPS = { "MARS_REQUEST", "MARS_MULTI", "MARS_MSERV", "MARS_JOIN",
    "MARS_LEAVE", "MARS_NAK", "MARS_UNSERV", "MARS_SJOIN", "MARS_SLEAVE",
    "MARS_GROUPLIST_REQUEST", "MARS_GROUPLIST_REPLY", "MARS_REDIRECT_MAP",
    "MARS_MIGRATE" }
local REQUEST, NAK, GROUPLIST_REPLY, REDIRECT_MAP, MIGRATE = 1, 6, 11, 12, 13
local JOINS = { [3] = true, [4] = true, [5] = true, [7] = true, [8] = true,
    [9] = true, [10] = true }
local SCSP_TYPES = { "CA", "CSU Request", "CSU Reply", "CSUS", "Hello" }
local STATES = { "Redirect Entry", "Serve/Register", "Join/Register",
    "Leave/Deregister", "Unserve/Deregister" }
local PROTOCOLS = { [0x0800] = "IPv4", [0x86dd] = "IPv6", [0x80] = "SNAP" }
local CAUSES = { [1] = "unallocated number", [16] = "normal clearing",
    [21] = "call rejected", [27] = "destination out of order",
    [31] = "normal unspecified", [41] = "temporary failure",
    [47] = "resource unavailable", [81] = "invalid call reference" }
local REPLAY = 0x024d52		-- the vendor of our extension

local N, M, S, C = {}, {}, {}, {}

local function define(proto, T, list)
	for _, f in ipairs(list) do
		T[f[1]] = field(proto, table.unpack(f))
	end
end

-- an address of a protocol, of each kind
local function define_address(proto, T, name, title)
	T[name] = {
		[4] = field(proto, name, "ipv4", title),
		[16] = field(proto, name .. "6", "ipv6", title),
		other = field(proto, name .. ".bytes", "bytes", title)
	}
end

-- an ATM address: a number of either kind, and what it embeds
local function define_atm(proto, T, name, title)
	T[name] = {
		ip = field(proto, name, "ipv4", title .. ", IPv4"),
		ip6 = field(proto, name .. "6", "ipv6", title .. ", IPv6"),
		sel = field(proto, name .. ".sel", "uint8", "Selector"),
		nsapa = field(proto, name .. ".nsapa", "bytes", title),
		e164 = field(proto, name .. ".e164", "string", title)
	}
end

define(nvc, N, {
    { "version", "uint8", "Version", base.DEC, nil, 0xf0 },
    { "type", "uint8", "Type", base.DEC, NVC_TYPES, 0x0f },
    { "flags", "uint8", "Flags", base.HEX },
    { "p2mp", "bool", "Point to multipoint", 8, nil, 0x80 },
    { "bundles", "bool", "Takes BUNDLE", 8, nil, 0x40 },
    { "numbered", "bool", "Numbered", 8, nil, 0x20 },
    { "unused", "uint8", "Unused", base.HEX, nil, 0x1f },
    { "cause", "uint16", "Cause", base.DEC, CAUSES },
    { "number", "uint16", "Number of the (first) SDU" },
    { "sdulen", "uint16", "Length of the SDU" },
    { "circuit", "uint64", "Circuit", base.HEX },
    { "other", "uint64", "Sender's circuit", base.HEX },
    { "maxsdu", "uint16", "Largest SDU" },
    { "enquiry", "uint8", "Enquiry interval" },
    { "toklen", "uint8", "Token length" },
    { "zero", "bytes", "Zero" },
    { "token", "bytes", "Token" },
    { "llc", "bytes", "LLC" },
    { "oui", "uint24", "OUI", base.HEX },
    { "pid", "uint16", "PID", base.HEX, { [1] = "Type #1 data", [3] = "MARS",
	[4] = "Type #2 data", [5] = "SCSP" } },
    { "data", "bytes", "Data" },
    { "trailer", "bytes", "Octets behind the end" } })
define_atm(nvc, N, "calling", "Calling")
define_atm(nvc, N, "called", "Called")

define(mars, M, {
    { "afn", "uint16", "mar$afn" },
    { "pro.type", "uint16", "mar$pro.type", base.HEX, PROTOCOLS },
    { "pro.snap", "bytes", "mar$pro.snap" },
    { "hdrrsv", "bytes", "mar$hdrrsv" },
    { "chksum", "uint16", "mar$chksum", base.HEX },
    { "extoff", "uint16", "mar$extoff" },
    { "op.version", "uint8", "mar$op.version" },
    { "op.type", "uint8", "mar$op.type", base.DEC, OPS },
    { "shtl", "uint8", "mar$shtl", base.HEX },
    { "sstl", "uint8", "mar$sstl", base.HEX },
    { "spln", "uint8", "mar$spln" },
    { "thtl", "uint8", "mar$thtl", base.HEX },
    { "tstl", "uint8", "mar$tstl", base.HEX },
    { "tpln", "uint8", "mar$tpln" },
    { "redirf", "bool", "mar$redirf: hard", 8, nil, 0x80 },
    { "redirf.reserved", "uint8", "mar$redirf: reserved", base.HEX, nil,
	0x7f },
    { "pad", "bytes", "mar$pad" },
    { "pnum", "uint16", "mar$pnum" },
    { "tnum", "uint16", "mar$tnum" },
    { "x", "bool", "mar$x (last part)", 16, nil, 0x8000 },
    { "y", "uint16", "mar$y (part)", base.DEC, nil, 0x7fff },
    { "resv", "uint16", "mar$resv" },
    { "flags", "uint16", "mar$flags", base.HEX },
    { "layer3grp", "bool", "mar$flags.layer3grp", 16, nil, 0x8000 },
    { "copy", "bool", "mar$flags.copy", 16, nil, 0x4000 },
    { "register", "bool", "mar$flags.register", 16, nil, 0x2000 },
    { "punched", "bool", "mar$flags.punched", 16, nil, 0x1000 },
    { "flags.reserved", "uint16", "mar$flags: reserved", base.HEX, nil,
	0x0f00 },
    { "sequence", "uint16", "mar$flags.sequence", base.DEC, nil, 0x00ff },
    { "cmi", "uint16", "mar$cmi" },
    { "msn", "uint32", "mar$msn" },
    { "tlv.x", "uint16", "Type.x", base.DEC, nil, 0xc000 },
    { "tlv.y", "uint16", "Type.y", base.HEX, nil, 0x3fff },
    { "tlv.length", "uint16", "Length" },
    { "tlv.value", "bytes", "Value" },
    { "tlv.pad", "bytes", "Padding" },
    { "trailer", "bytes", "Octets behind the end" },
    { "pkt.cmi", "uint16", "pkt$cmi" },
    { "pkt.source", "bytes", "Source ID" },
    { "pkt.pro", "uint16", "pkt$pro", base.HEX, PROTOCOLS },
    { "pkt.snap", "bytes", "pkt$snap" },
    { "pkt.pad", "bytes", "Padding" } })
for _, name in ipairs({ "spa", "tpa", "min", "max", "mgrp" }) do
	define_address(mars, M, name, "mar$" .. name)
end
for _, name in ipairs({ "sha", "ssa", "tha", "tsa" }) do
	define_atm(mars, M, name, "mar$" .. name)
end

define(scsp, S, {
    { "version", "uint8", "Version" },
    { "type", "uint8", "Type code", base.DEC, SCSP_TYPES },
    { "size", "uint16", "Packet size" },
    { "checksum", "uint16", "Checksum", base.HEX },
    { "extensions", "uint16", "Start of extensions" },
    { "interval", "uint16", "HelloInterval" },
    { "dead", "uint16", "DeadFactor" },
    { "family", "uint16", "Family ID" },
    { "caseq", "uint32", "CA sequence number" },
    { "pid", "uint16", "Protocol ID" },
    { "sgid", "uint16", "Server Group ID" },
    { "unused", "bytes", "Unused" },
    { "flags", "uint16", "Flags", base.HEX },
    { "m", "bool", "Master", 16, nil, 0x8000 },
    { "i", "bool", "Initialization", 16, nil, 0x4000 },
    { "o", "bool", "More", 16, nil, 0x2000 },
    { "slen", "uint8", "Sender ID length" },
    { "rlen", "uint8", "Receiver ID length" },
    { "records", "uint16", "Number of records" },
    { "sender", "bytes", "Sender ID" },
    { "receiver", "bytes", "Receiver ID" },
    { "csa.hops", "uint16", "Hop count" },
    { "csa.length", "uint16", "Record length" },
    { "csa.klen", "uint8", "Cache key length" },
    { "csa.olen", "uint8", "Originator ID length" },
    { "csa.null", "bool", "Null record", 16, nil, 0x8000 },
    { "csa.unused", "uint16", "Unused", base.HEX, nil, 0x7fff },
    { "csa.seq", "int32", "CSA sequence number" },
    { "csa.key", "bytes", "Cache key" },
    { "csa.originator", "bytes", "Originator ID" },
    { "csa.specific", "bytes", "Protocol specific part" },
    { "ext.type", "uint16", "Extension", base.DEC,
	{ [0] = "End", "Authentication", "Vendor private" } },
    { "ext.length", "uint16", "Length" },
    { "ext.spi", "uint32", "SPI" },
    { "ext.mac", "bytes", "Authentication data" },
    { "ext.mac.status", "string", "Authentication" },
    { "ext.vendor", "uint24", "Vendor ID", base.HEX },
    { "ext.kind", "uint8", "Kind" },
    { "ext.zero", "bytes", "Zero" },
    { "ext.nonce", "uint64", "Own nonce", base.HEX },
    { "ext.echo", "uint64", "Peer's nonce", base.HEX },
    { "ext.counter", "uint64", "Counter" },
    { "ext.value", "bytes", "Value" },
    { "trailer", "bytes", "Octets behind the end" } })

define(csa, C, {
    { "afn", "uint16", "Hardware type" },
    { "pro.type", "uint16", "Protocol type", base.HEX, PROTOCOLS },
    { "pro.snap", "bytes", "Protocol SNAP" },
    { "unused", "bytes", "Unused" },
    { "version", "uint8", "Version" },
    { "state", "uint8", "State", base.DEC, STATES },
    { "flags", "uint16", "Flags", base.HEX },
    { "layer3grp", "bool", "mar$flags.layer3grp", 16, nil, 0x8000 },
    { "register", "bool", "mar$flags.register", 16, nil, 0x2000 },
    { "flags.unused", "uint16", "Unused", base.HEX, nil, 0x5f00 },
    { "sequence", "uint16", "mar$flags.sequence", base.DEC, nil, 0x00ff },
    { "cmi", "uint16", "Cluster Member ID" },
    { "spln", "uint8", "Source address length" },
    { "tpln", "uint8", "Group address length" },
    { "shtl", "uint8", "ATM address type and length", base.HEX },
    { "sstl", "uint8", "ATM subaddress type and length", base.HEX },
    { "trailer", "bytes", "Octets behind the end" } })
define_address(csa, C, "spa", "Source protocol address")
define_address(csa, C, "min", "Minimum group address")
define_address(csa, C, "max", "Maximum group address")
define_atm(csa, C, "atm", "ATM address")
define_atm(csa, C, "sub", "ATM subaddress")

for _, p in ipairs({ nvc, mars, scsp }) do
	local name = p.name:lower()
	p.experts.bad = ProtoExpert.new(name .. ".expert",
	    "Can't be read any further", expert.group.MALFORMED,
	    expert.severity.ERROR)
	p.experts.odd = ProtoExpert.new(name .. ".odd",
	    "What no sender may send", expert.group.PROTOCOL,
	    expert.severity.WARN)
end

-- Reads fields from a buffer one after the other; never past its end: after
-- the first that is not there, everything is empty.
local Cursor = {}
Cursor.__index = Cursor
local wrong = {}	-- what is wrong with the message, for Info

local function cursor(tvb, tree, proto)
	return setmetatable({ tvb = tvb, tree = tree, pos = 0,
	    last = tvb:len(), bad = false, experts = proto.experts }, Cursor)
end

-- if: something that no sender may send
function Cursor:odd(is, text)
	if is and not self.bad then
		self.tree:add_proto_expert_info(self.experts.odd, text)
		wrong[#wrong + 1] = text
	end
end

function Cursor:fail(text)
	if not self.bad then
		self.bad = true
		self.tree:add_proto_expert_info(self.experts.bad, text)
		wrong[#wrong + 1] = text
	end
end

-- The next n octets, or nil for none.
function Cursor:range(n)
	if self.bad or n == 0 then
		return nil
	end
	if self.pos + n > self.last then
		self:fail("shorter than it says")
		return nil
	end
	self.pos = self.pos + n
	return self.tvb(self.pos - n, n)
end

-- The next n octets as a number, shown as each of the fields; 0 if missing.
function Cursor:num(n, ...)
	local r = self:range(n)
	if r == nil then
		return 0
	end
	for _, f in ipairs({ ... }) do
		self.tree:add(f, r)
	end
	return n <= 4 and r:uint() or 0
end

function Cursor:bytes(n, f)
	local r = self:range(n)
	if r ~= nil then
		self.tree:add(f, r)
	end
	return r
end

-- n octets that have to be 0
function Cursor:zero(n, f, text)
	local r = self:bytes(n, f)
	self:odd(r ~= nil and r:bytes():tohex():find("[^0]"),
	    text .. ": not 0")
end

-- what is left
function Cursor:trailer(f, text)
	if not self.bad and self.pos < self.last then
		self:bytes(self.last - self.pos, f)
		self:odd(true, text)
	end
end

local function hex(r)
	return r:bytes():tohex():lower()
end

function Cursor:protocol_address(n, f)
	local r = self:range(n)
	if r == nil then
		return "-"
	end
	self.tree:add(f[n] or f.other, r)
	if n == 4 then
		return tostring(r:ipv4())
	end
	return n == 16 and tostring(r:ipv6()) or hex(r)
end

-- A pair of groups, in order; the highest, to compare the next with.
function Cursor:pair(n, min, max, before)
	local low = self:protocol_address(n, min)
	local from = self.bad and "" or hex(self.tvb(self.pos - n, n))
	local high = self:protocol_address(n, max)
	local to = self.bad and "" or hex(self.tvb(self.pos - n, n))
	self:odd(from > to, "minimum above maximum")
	self:odd(before ~= nil and before >= from, "pairs not in order")
	return " " .. low .. (low ~= high and "-" .. high or ""), to
end

-- An NSAPA, with the IP address that it embeds (RFC 4548).
function Cursor:nsapa(r, f)
	local t = self.tree:add(f.nsapa, r)
	local h, ip = hex(r), nil
	if h:sub(1, 6) == "350001" and h:sub(15, 38) == ("0"):rep(24) then
		t:add(f.ip, r(3, 4))
		ip = tostring(r(3, 4):ipv4())
	elseif h:sub(1, 6) == "350000" then
		t:add(f.ip6, r(3, 16))
		ip = tostring(r(3, 16):ipv6())
	end
	local sel = r(19, 1):uint()
	t:add(f.sel, r(19, 1))
	if ip == nil then
		return h
	end
	return sel == 0 and ip or ip .. "%" .. sel
end

-- A number of the kind that a type/length octet says (RFC 2022 5.1.2).
function Cursor:atm(tl, f)
	local len = tl % 0x40
	self:odd(tl >= 0x80, "reserved bit of a type/length octet")
	local r = self:range(len)
	if r == nil then
		return "-"
	end
	if band(tl, 0x40) ~= 0 then
		self.tree:add(f.e164, r)
		self:odd(len > 15 or r:string():find("%D"),
		    "E.164 that is not of 15 digits at most")
		return "+" .. r:string()
	elseif len == 20 then
		return self:nsapa(r, f)
	end
	self.tree:add(f.nsapa, r)
	self:odd(true, "NSAPA that is not of 20 octets")
	return hex(r)
end

-- A protocol by its type and, in the long form, SNAP (RFC 2022 4.3.2).
function Cursor:protocol(kind, snap)
	local pro = self:num(2, kind)
	local r = self:bytes(5, snap)
	local h = r and hex(r) or "0000000000"
	if pro ~= 0x80 then
		self:odd(h:find("[^0]"), "SNAP in the short form")
	else
		self:odd(not h:find("[^0]"), "long form without SNAP")
		self:odd(h:sub(1, 6) == "000000" and h > "0000000600",
		    "long form where there is a short one")
	end
	return pro
end

-- 0 over octets that hold their own checksum.
local function checksum(tvb, len)
	local sum = 0
	for i = 0, len - 2, 2 do
		sum = sum + tvb(i, 2):uint()
	end
	if len % 2 == 1 then
		sum = sum + tvb(len - 1, 1):uint() * 256
	end
	while sum > 0xffff do
		sum = sum % 0x10000 + math.floor(sum / 0x10000)
	end
	return 0xffff - sum
end

-- In Info: a message, and what is wrong with it; of a BUNDLE one by one.
local bundled = nil

local function say(tree, pinfo, text)
	tree:append_text(", " .. text)
	if #wrong > 0 then
		text = text .. " [" .. table.concat(wrong, "; ") .. "]"
		wrong = {}
	end
	if bundled == nil then
		pinfo.cols.info = text
	else
		bundled = bundled .. (bundled == "" and "" or ", ") .. text
		pinfo.cols.info = "BUNDLE of " .. bundled
	end
end

-- --- RFC 2022

local function tlvs(c, extoff)
	local off = extoff - extoff % 4
	c:odd(extoff % 4 ~= 0, "mar$extoff: lowest bits")
	if off == 0 then
		return c:trailer(M.trailer, "octets behind the addresses")
	elseif off < c.pos then
		return c:fail("TLVs inside the addresses")
	end
	c:odd(off ~= c.pos + -c.pos % 4,
	    "mar$extoff: not the first 32 bit boundary")
	c:zero(off - c.pos, M["tlv.pad"], "padding")
	while not c.bad do
		local kind = c:num(2, M["tlv.x"], M["tlv.y"])
		local len = c:num(2, M["tlv.length"])
		if kind % 0x4000 == 0 then
			c:odd(kind ~= 0 or len ~= 0, "Null TLV: not 0")
			return c:trailer(M.trailer,
			    "octets behind the Null TLV")
		end
		c:bytes(len, M["tlv.value"])
		c:zero(-len % 4, M["tlv.pad"], "TLV padding")
	end
end

-- RFC 2022 5.2.1: the mandatory fields; what follows mar$ssa by the closure.
local function join(c, spln)
	local tpln = c:num(1, M.tpln)
	local pnum = c:num(2, M.pnum)
	local flags = c:num(2, M.flags, M.layer3grp, M.copy, M.register,
	    M.punched, M["flags.reserved"], M.sequence)
	c:odd(band(flags, 0x0f00) ~= 0, "mar$flags: reserved bits")
	c:num(2, M.cmi)
	c:num(4, M.msn)
	return function()
		local text, one, before = "", nil, nil
		c:protocol_address(spln, M.spa)
		for _ = 1, tpln == 0 and 0 or pnum do
			one, before = c:pair(tpln, M.min, M.max, before)
			if c.bad then
				break
			end
			text = text .. one
		end
		return text
	end
end

-- n target addresses (5.1.1, 5.3, 5.4.3)
local function targets(c, n, thtl, tstl)
	if band(thtl, 0x3f) == 0 and band(tstl, 0x3f) == 0 then
		return ""
	end
	for _ = 1, n do
		c:atm(thtl, M.tha)
		c:atm(tstl, M.tsa)
		if c.bad then
			break
		end
	end
	return " (" .. n .. ")"
end

local function grouplist(c, n, tpln)
	local text = ""
	for _ = 1, tpln == 0 and 0 or n do
		text = text .. " " .. c:protocol_address(tpln, M.mgrp)
		if c.bad then
			break
		end
	end
	return text
end

-- 5.1.2, 5.1.6, 5.3 and 5.4.3
local function multi(c, op, spln)
	local thtl = c:num(1, M.thtl)
	local tstl = c:num(1, M.tstl)
	local tpln, tnum = 0, 1
	if op == REDIRECT_MAP then
		local f = c:num(1, M.redirf, M["redirf.reserved"])
		c:odd(f % 0x80 ~= 0, "mar$redirf: reserved bits")
		c:odd(spln ~= 0, "mar$spln of a redirect map: not 0")
		spln = 0
	else
		tpln = c:num(1, M.tpln)
	end
	if op == REQUEST then
		c:zero(8, M.pad, "mar$pad")
	elseif op == NAK then
		c:bytes(8, M.pad)
	else
		tnum = c:num(2, M.tnum)
		if op == MIGRATE then
			c:odd(c:num(2, M.resv) ~= 0, "mar$resv: not 0")
		else
			c:odd(c:num(2, M.x, M.y) % 0x8000 == 0,
			    "mar$seqxy: part 0")
		end
		c:num(4, M.msn)
	end
	return function()
		local text = ""
		c:protocol_address(spln, M.spa)
		if op == GROUPLIST_REPLY then
			return grouplist(c, tnum, tpln)
		elseif op ~= REDIRECT_MAP then
			text = " " .. c:protocol_address(tpln, M.tpa)
		end
		return text .. targets(c, tnum, thtl, tstl)
	end
end

local function mars_body(c, tvb)
	c:odd(c:num(2, M.afn) ~= 15, "mar$afn: not 15")
	c:protocol(M["pro.type"], M["pro.snap"])
	c:zero(3, M.hdrrsv, "mar$hdrrsv")
	local sum = c:num(2, M.chksum)
	local extoff = c:num(2, M.extoff)
	local version = c:num(1, M["op.version"])
	local op = c:num(1, M["op.type"])
	c:odd(sum ~= 0 and checksum(tvb, tvb:len()) ~= 0, "wrong checksum")
	local text = OPS[op] or "operation " .. op
	if version ~= 0 or OPS[op] == nil then
		c:fail(version ~= 0 and "version " .. version ..
		    ", which is not known" or "operation is not known")
		return text
	end
	local shtl = c:num(1, M.shtl)
	local sstl = c:num(1, M.sstl)
	c:odd(shtl % 0x40 == 0, "no mar$sha")
	local spln = c:num(1, M.spln)
	local rest = JOINS[op] and join(c, spln) or multi(c, op, spln)
	local source = c:atm(shtl, M.sha)
	c:atm(sstl, M.ssa)
	text = text .. " " .. source .. rest()
	tlvs(c, extoff)
	return text
end

-- who has this code point without us; NHRP is not to be had by its name
local nhrp = DissectorTable.get("llc.iana_pid"):get_dissector(3) or
    Dissector.get("data")

function mars.dissector(tvb, pinfo, root)
	if tvb:len() > 16 and tvb(16, 1):uint() == 1 then
		-- op.version 1 on this code point is NHRP's
		return nhrp:call(tvb, pinfo, root)
	end
	pinfo.cols.protocol = "MARS"
	local tree = root:add(mars, tvb())
	local c = cursor(tvb, tree, mars)
	say(tree, pinfo, mars_body(c, tvb))
	return tvb:len()
end

-- --- RFC 2443 section 3

local function csa_groups(c, state, register, layer3grp, tpln)
	if tpln == 0 then
		c:odd(not register, "neither a registration nor a group")
		return ""
	end
	local at = c.pos
	local text = c:pair(tpln, C.min, C.max, nil)
	c:odd(register, "a registration, and a group")
	c:odd(not c.bad and layer3grp and (state == 2 or state == 5 or
	    hex(c.tvb(at, tpln)) ~= hex(c.tvb(at + tpln, tpln))),
	    "layer3grp of what is no single group of a host")
	return text
end

-- A Redirect Entry has neither protocol addresses.
function csa.dissector(tvb, pinfo, root)
	local tree = root:add(csa, tvb())
	local c = cursor(tvb, tree, scsp)
	c:odd(c:num(2, C.afn) ~= 15, "hardware type: not 15")
	c:protocol(C["pro.type"], C["pro.snap"])
	c:zero(1, C.unused, "unused octet of a record")
	c:odd(c:num(1, C.version) ~= 0, "version of a record is not known")
	local state = c:num(1, C.state)
	c:odd(STATES[state] == nil, "state of a record is not known")
	local flags = c:num(2, C.flags, C.layer3grp, C.register,
	    C["flags.unused"], C.sequence)
	local cmi = c:num(2, C.cmi)
	local spln, tpln = c:num(1, C.spln), c:num(1, C.tpln)
	local shtl, sstl = c:num(1, C.shtl), c:num(1, C.sstl)
	local redirect = state == 1
	if redirect then
		c:odd(flags ~= 0 or cmi ~= 0 or spln ~= 0 or tpln ~= 0,
		    "unused fields of a Redirect Entry")
	else
		c:odd(band(flags, 0x5f00) ~= 0, "unused flags of a record")
		c:protocol_address(spln, C.spa)
	end
	c:odd(shtl % 0x40 == 0, "no ATM address")
	local text = (STATES[state] or "unknown state") .. " " ..
	    c:atm(shtl, C.atm)
	c:atm(sstl, C.sub)
	if not redirect then
		text = text .. csa_groups(c, state, band(flags, 0x2000) ~= 0,
		    band(flags, 0x8000) ~= 0, tpln)
	end
	c:trailer(C.trailer, "record longer than its lengths say")
	tree:append_text(", " .. text)
	return tvb:len()
end

-- --- HMAC-SHA-256 (RFC 2104, FIPS 180-4), which Wireshark's Lua has not

local K, H0 = {}, {}

-- The constants: parts of the roots of the first primes.
do
	local n, candidate = 0, 2
	while n < 64 do
		local prime = true
		for d = 2, math.floor(math.sqrt(candidate)) do
			prime = prime and candidate % d ~= 0
		end
		if prime then
			n = n + 1
			K[n] = math.floor(candidate ^ (1 / 3) % 1 * 2 ^ 32)
			H0[n] = math.floor(candidate ^ (1 / 2) % 1 * 2 ^ 32)
		end
		candidate = candidate + 1
	end
end

local function xor3(a, b, c)
	return bits.bxor(bits.bxor(a, b), c)
end

local function block(h, s, at)
	local w = {}
	for i = 1, 16 do
		local a, b, c, d = s:byte(at + 4 * i - 3, at + 4 * i)
		w[i] = ((a * 256 + b) * 256 + c) * 256 + d
	end
	for i = 17, 64 do
		local x, y = w[i - 15], w[i - 2]
		w[i] = (w[i - 16] + w[i - 7] +
		    xor3(bits.ror(x, 7), bits.ror(x, 18), bits.rshift(x, 3)) +
		    xor3(bits.ror(y, 17), bits.ror(y, 19),
		    bits.rshift(y, 10))) % 2 ^ 32
	end
	local v = { table.unpack(h) }
	for i = 1, 64 do
		local a, e = v[1], v[5]
		local t = v[8] + K[i] + w[i] +
		    xor3(bits.ror(e, 6), bits.ror(e, 11), bits.ror(e, 25)) +
		    bits.bxor(v[7], band(e, bits.bxor(v[6], v[7])))
		local u = xor3(bits.ror(a, 2), bits.ror(a, 13),
		    bits.ror(a, 22)) +
		    xor3(band(a, v[2]), band(a, v[3]), band(v[2], v[3]))
		table.remove(v)
		table.insert(v, 1, (t + u) % 2 ^ 32)
		v[5] = (v[5] + t) % 2 ^ 32
	end
	for i = 1, 8 do
		h[i] = (h[i] + v[i]) % 2 ^ 32
	end
end

-- a number as octets, the highest first
local function octets(x, n)
	local s = ""
	for _ = 1, n do
		s = string.char(x % 256) .. s
		x = math.floor(x / 256)
	end
	return s
end

local function sha256(s)
	local h = { table.unpack(H0, 1, 8) }
	s = s .. "\128" .. ("\0"):rep((55 - #s) % 64) .. octets(8 * #s, 8)
	for at = 0, #s - 64, 64 do
		block(h, s, at)
	end
	local out = ""
	for i = 1, 8 do
		out = out .. octets(h[i], 4)
	end
	return out
end

local function hmac(key, s)
	if #key > 64 then
		key = sha256(key)
	end
	key = key .. ("\0"):rep(64 - #key)
	local function pad(x)
		return (key:gsub(".", function(c)
			return string.char(bits.bxor(c:byte(), x))
		end))
	end
	return sha256(pad(0x5c) .. sha256(pad(0x36) .. s))
end

-- The key of an SPI, by the preference; nil: there is none.
local function key_of(spi)
	for n, key in scsp.prefs.keys:gmatch("(%d+)=(%S+)") do
		if tonumber(n) == spi and key:sub(1, 2):lower() ~= "0x" then
			return key
		elseif tonumber(n) == spi then
			return (key:sub(3):gsub("%x%x", function(x)
				return string.char(tonumber(x, 16))
			end))
		end
	end
end

-- The packet with its checksum and its MAC as 0 (RFC 2334 B.3.1).
local function verify(c, spi, mac)
	local key = key_of(spi)
	local status
	if key == nil then
		status = "not verified: no key for this SPI"
	elseif mac:len() ~= 32 then
		status = "not verified: only HMAC-SHA-256 can be"
	else
		local s, at = c.tvb:raw(), c.pos - 32
		s = s:sub(1, 4) .. "\0\0" .. s:sub(7, at) .. ("\0"):rep(32) ..
		    s:sub(at + 33)
		local good = hmac(key, s) == mac:raw()
		status = good and "correct" or "wrong"
		c:odd(not good, "wrong authenticator")
	end
	c.tree:add(S["ext.mac.status"], mac, status):set_generated()
end

-- --- RFC 2334 appendix B

local function record(c, embedded, pid, pinfo)
	local outer, start = c.tree, c.pos
	c.tree = outer:add(scsp, c.tvb(start), embedded and "CSA record" or
	    "CSAS record")
	local hops = c:num(2, S["csa.hops"])
	c:odd(not embedded and hops ~= 1, "summary: hop count is not 1")
	local len = c:num(2, S["csa.length"])
	local klen = c:num(1, S["csa.klen"])
	local olen = c:num(1, S["csa.olen"])
	c:odd(pid == 3 and (klen ~= 4 or olen ~= 4),
	    "lengths of cache key and originator are not 4")
	local null = c:num(2, S["csa.null"], S["csa.unused"])
	c:odd(null % 0x8000 ~= 0, "unused bits of a record")
	c:odd(c:num(4, S["csa.seq"]) == 0x80000000,
	    "reserved CSA sequence number")
	c:bytes(klen, S["csa.key"])
	c:bytes(olen, S["csa.originator"])
	local rest = start + len - c.pos
	if rest < 0 or (rest > 0 and not embedded) then
		c:fail("record length")
	elseif rest > 0 then
		local r = c:range(rest)
		if r ~= nil and pid == 3 then
			csa.dissector(r:tvb(), pinfo, c.tree)
		elseif r ~= nil then
			c.tree:add(S["csa.specific"], r)
		end
	else
		c:odd(embedded and null < 0x8000,
		    "record without its specific part")
	end
	c.tree:set_len(c.pos - start)
	c.tree = outer
end

local function replay(c)
	c:num(3, S["ext.vendor"])
	c:odd(c:num(1, S["ext.kind"]) ~= 1, "replay extension: kind")
	c:zero(4, S["ext.zero"], "replay extension: unused octets")
	c:num(8, S["ext.nonce"])
	c:num(8, S["ext.echo"])
	c:num(8, S["ext.counter"])
end

local function extensions(c)
	while not c.bad do
		local kind = c:num(2, S["ext.type"])
		local len = c:num(2, S["ext.length"])
		if kind == 0 then
			c:odd(len ~= 0, "End of Extensions: length")
			return c:trailer(S.trailer,
			    "octets behind the extensions")
		elseif kind == 1 and len >= 4 then
			local spi = c:num(4, S["ext.spi"])
			local mac = c:bytes(len - 4, S["ext.mac"])
			if mac ~= nil then
				verify(c, spi, mac)
			end
		elseif kind == 2 and len == 32 and c.pos + 3 <= c.last and
		    c.tvb(c.pos, 3):uint() == REPLAY then
			replay(c)
		elseif kind == 2 and len >= 3 then
			c:num(3, S["ext.vendor"])
			c:bytes(len - 3, S["ext.value"])
		else
			c:bytes(len, S["ext.value"])
		end
	end
end

-- what stands before the identities
local function scsp_head(c, kind)
	if kind == 5 then
		c:num(2, S.interval)
		c:num(2, S.dead)
		c:zero(2, S.unused, "unused octets")
		c:num(2, S.family)
	elseif kind == 1 then
		c:num(4, S.caseq)
	end
	local pid = c:num(2, S.pid)
	c:num(2, S.sgid)
	c:zero(2, S.unused, "unused octets")
	local flags
	if kind == 1 then
		flags = c:num(2, S.flags, S.m, S.i, S.o) % 0x2000
	else
		flags = c:num(2, S.flags)
	end
	c:odd(flags ~= 0, "unused flags")
	return pid
end

local function scsp_body(c, kind, pinfo)
	local pid = scsp_head(c, kind)
	local slen, rlen = c:num(1, S.slen), c:num(1, S.rlen)
	local count = c:num(2, S.records)
	c:bytes(slen, S.sender)
	c:bytes(rlen, S.receiver)
	for _ = 1, count do
		if kind == 5 then
			c:bytes(c:num(1, S.rlen), S.receiver)
		else
			record(c, kind == 2, pid, pinfo)
		end
		if c.bad then
			break
		end
	end
	c:trailer(S.trailer, "octets behind the records")
	return count
end

local function scsp_all(c, tvb, pinfo)
	c:odd(c:num(1, S.version) ~= 1, "version is not 1")
	local kind = c:num(1, S.type)
	local size = c:num(2, S.size)
	c:num(2, S.checksum)
	local ext = c:num(2, S.extensions)
	local text = SCSP_TYPES[kind] or "type " .. kind
	if c.bad then
		return text
	end
	if SCSP_TYPES[kind] == nil then
		c:fail("type is not known")
	elseif size ~= tvb:len() then
		c:fail("packet size")
	elseif ext > size or (ext ~= 0 and ext < c.pos) then
		c:fail("start of extensions")
	end
	c:odd(not c.bad and checksum(tvb, size) ~= 0, "wrong checksum")
	if c.bad then
		return text
	end
	c.last = ext ~= 0 and ext or size
	text = text .. " (" .. scsp_body(c, kind, pinfo) .. ")"
	if ext ~= 0 and not c.bad then
		c.last = size
		extensions(c)
	end
	return text
end

function scsp.dissector(tvb, pinfo, root)
	pinfo.cols.protocol = "SCSP"
	local tree = root:add(scsp, tvb())
	local c = cursor(tvb, tree, scsp)
	say(tree, pinfo, scsp_all(c, tvb, pinfo))
	return tvb:len()
end

-- --- RFC 2022 5.5: Type #1 (PID 1) and Type #2 (PID 4) data

local function data(pid, tvb, pinfo, root)
	local title = "Type #" .. (pid == 1 and 1 or 2) .. " data"
	pinfo.cols.protocol = "MARS"
	local tree = root:add(mars, tvb(), "MARS " .. title)
	local c = cursor(tvb, tree, mars)
	if pid == 1 then
		c:num(2, M["pkt.cmi"])
	else
		c:bytes(8, M["pkt.source"])
	end
	local pro = c:num(2, M["pkt.pro"])
	if pro == 0x80 then
		c:bytes(5, M["pkt.snap"])
		c:zero(pid == 1 and 3 or 1, M["pkt.pad"], "padding")
	elseif pid == 4 then
		c:zero(2, M["pkt.pad"], "padding")
	end
	tree:set_len(c.pos)
	say(tree, pinfo, title)
	if c.bad or c.pos >= c.last then
		return
	end
	-- the packet as the hosts of the group get it; one that is malformed,
	-- of whatever protocol, is an error here, and has been shown as such
	local rest = tvb(c.pos):tvb()
	local _, n = pcall(function()
		return DissectorTable.get("ethertype"):try(pro, rest, pinfo,
		    root)
	end)
	if n == 0 then
		Dissector.get("data"):call(rest, pinfo, root)
	else
		pinfo.cols.info:prepend(title .. ": ")
	end
end

function type1.dissector(tvb, pinfo, root)
	data(1, tvb, pinfo, root)
	return tvb:len()
end

function type2.dissector(tvb, pinfo, root)
	data(4, tvb, pinfo, root)
	return tvb:len()
end

-- --- NVC, see nvc.md

local OVER_LLC = { [1] = type1, [3] = mars, [4] = type2, [5] = scsp }

local function sdu(c, pinfo, root)
	local r = c:bytes(3, N.llc)
	local oui, pid = c:num(3, N.oui), c:num(2, N.pid)
	local proto = oui == 0x5e and OVER_LLC[pid]
	if r == nil or c.bad or c.pos >= c.last then
		return
	end
	if r:uint() ~= 0xaaaa03 or not proto then
		c:odd(r:uint() ~= 0xaaaa03, "no LLC/SNAP header")
		return c:bytes(c.last - c.pos, N.data)
	end
	local rest = c.tvb(c.pos, c.last - c.pos):tvb()
	c.pos = c.last
	proto.dissector(rest, pinfo, root)
end

local function bundle(c, pinfo, root)
	bundled = ""
	while not c.bad and c.pos < c.last do
		local r = c:range(c:num(2, N.sdulen))
		if r ~= nil then
			sdu(cursor(r:tvb(), c.tree, nvc), pinfo, root)
		end
	end
	bundled = nil
end

-- circuits, sizes and addresses, by type
local function nvc_body(c, kind)
	if kind == 1 then
		c:num(8, N.other)
		c:num(2, N.maxsdu)
		c:num(1, N.enquiry)
		local n = c:num(1, N.toklen)
		local text = " " .. c:atm(20, N.calling)
		text = text .. " to " .. c:atm(20, N.called)
		c:bytes(n, N.token)
		return text
	elseif kind == 2 then
		local n = c.last - c.pos
		c:bytes(n, N.token)
		c:odd(n < 8 or n > 32, "token not of 8 to 32 octets")
	elseif kind == 3 then
		c:num(8, N.other)
		c:num(2, N.maxsdu)
		c:num(1, N.enquiry)
		c:zero(1, N.zero, "last octet of a CONNECT")
	else
		c:num(8, N.other)
	end
	return ""
end

-- Is it NVC, as far as its form tells?
local LENGTHS = { 64, 20, 24, 20, 20, 20, 20, 22 }

local function looks(tvb)
	local first = tvb:len() >= 12 and tvb(0, 1):uint() or 0
	local kind = first % 16
	return first >= 16 and first < 32 and kind >= 1 and kind <= 8 and
	    tvb:len() >= LENGTHS[kind]
end

-- As much as other ports need: no flag that is unknown, and for each type
-- something that is hardly there by chance.
local function surely(tvb)
	if not looks(tvb) then
		return false
	end
	local kind, flags = tvb(0, 1):uint() % 16, tvb(1, 1):uint()
	if band(flags, 0xff - NVC_FLAGS[kind]) ~= 0 then
		return false
	elseif kind == 1 then
		return tvb(24, 2):uint() == 0x3500 and
		    tvb(44, 2):uint() == 0x3500 and tvb(4, 4):uint() == 0
	elseif kind == 7 then
		return tvb(12, 3):uint() == 0xaaaa03
	elseif kind == 8 then
		return tvb(14, 3):uint() == 0xaaaa03
	elseif kind == 2 then
		return tvb:len() <= 44 and tvb(2, 2):uint() == 0
	end
	return tvb:len() == LENGTHS[kind] and
	    (kind == 4 and CAUSES[tvb(2, 2):uint()] ~= nil or
	    kind ~= 4 and tvb(2, 2):uint() == 0)
end

function nvc.dissector(tvb, pinfo, root)
	if not looks(tvb) then
		return 0
	end
	wrong, bundled = {}, nil
	pinfo.cols.protocol = "NVC"
	local tree = root:add(nvc, tvb())
	local c = cursor(tvb, tree, nvc)
	local kind = c:num(1, N.version, N.type) % 16
	local flags = c:num(1, N.flags, N.p2mp, N.bundles, N.numbered,
	    N.unused)
	c:odd(band(flags, 0xff - NVC_FLAGS[kind]) ~= 0, "unused flags")
	local numbered = kind >= 7 and flags % 0x40 >= 0x20
	local cause = c:num(2, numbered and N.number or N.cause)
	c:odd(cause ~= 0 and not numbered and kind ~= 4,
	    "a cause, and no RELEASE")
	local own = c:bytes(8, N.circuit)
	c:odd(kind == 1 and hex(own):find("[^0]"), "circuit of a SETUP: not 0")
	if kind >= 7 then
		tree:append_text(", " .. NVC_TYPES[kind])
		local inner = kind == 7 and sdu or bundle
		pinfo.cols.info = NVC_TYPES[kind]
		inner(c, pinfo, root)
	else
		local text = NVC_TYPES[kind] .. nvc_body(c, kind)
		if kind == 4 then
			text = text .. " " .. (CAUSES[cause] or cause)
		end
		c:trailer(N.trailer, "octets behind the end")
		say(tree, pinfo, text)
	end
	if #wrong > 0 then	-- with what carries a message
		pinfo.cols.info:append(" [" .. table.concat(wrong, "; ") ..
		    "]")
		wrong = {}
	end
	return tvb:len()
end

-- --- where it is found

local registered = nil

local function register()
	local t = DissectorTable.get("udp.port")
	for sel = 0, 255 do
		if registered ~= nil then
			t:remove(registered + sel, nvc)
		end
		t:add(nvc.prefs.port + sel, nvc)
	end
	registered = nvc.prefs.port
end

function nvc.prefs_changed()
	if nvc.prefs.port ~= registered and nvc.prefs.port <= 65280 then
		register()
	end
end
register()

nvc:register_heuristic("udp", function(tvb, pinfo, root)
	if not surely(tvb) then
		return false
	end
	nvc.dissector(tvb, pinfo, root)
	return true
end)

-- over ATM (RFC 2684), in place of what else asks for PID 3
for pid, proto in pairs(OVER_LLC) do
	DissectorTable.get("llc.iana_pid"):set(pid, proto)
end
