-- Copyright (c) 2026 The mars developers
-- SPDX-License-Identifier: ISC
--
-- A Wireshark dissector for MARS (RFC 2022), SCSP (RFC 2334), the MARS
-- records of RFC 2443, and NVC, which carries them over UDP.  Use it once
-- with "tshark -X lua_script:mars.lua", or put it into the plugin directory.

local FIRST_PORT, LAST_PORT = 2022, 2030

local nvc = Proto("nvc", "NBMA Virtual Circuit")
local mars = Proto("mars", "Multicast Address Resolution Server")
local scsp = Proto("scsp", "Server Cache Synchronization Protocol")
local csa = Proto("csa", "MARS Cache State Advertisement")

-- field(PROTO, NAME, KIND, TITLE[, BASE, VALUES, MASK])
local function field(proto, name, kind, title, ...)
	local f = ProtoField[kind](proto.name:lower() .. "." .. name, title,
	    ...)
	proto.fields[name] = f
	return f
end

local NVC_TYPES = { "SETUP", "RETRY", "CONNECT", "RELEASE", "ENQUIRY",
    "STATUS", "DATA", "BUNDLE" }
local OPS = { "MARS_REQUEST", "MARS_MULTI", "MARS_MSERV", "MARS_JOIN",
    "MARS_LEAVE", "MARS_NAK", "MARS_UNSERV", "MARS_SJOIN", "MARS_SLEAVE",
    "MARS_GROUPLIST_REQUEST", "MARS_GROUPLIST_REPLY", "MARS_REDIRECT_MAP",
    "MARS_MIGRATE" }
local SCSP_TYPES = { "CA", "CSU Request", "CSU Reply", "CSUS", "Hello" }
local STATES = { "Redirect Entry", "Serve/Register", "Join/Register",
    "Leave/Deregister", "Unserve/Deregister" }
local PROTOCOLS = { [0x0800] = "IPv4", [0x86dd] = "IPv6", [0x80] = "SNAP" }
local CAUSES = { [1] = "unallocated number", [16] = "normal clearing",
    [21] = "call rejected", [27] = "destination out of order",
    [31] = "normal unspecified", [41] = "temporary failure",
    [47] = "resource unavailable", [81] = "invalid call reference" }

local N, M, S, C = {}, {}, {}, {}

local function define()
	local function n(...) N[(...)] = field(nvc, ...) end
	local function m(...) M[(...)] = field(mars, ...) end
	local function s(...) S[(...)] = field(scsp, ...) end
	local function c(...) C[(...)] = field(csa, ...) end

	n("version", "uint8", "Version", base.DEC, nil, 0xf0)
	n("type", "uint8", "Type", base.DEC, NVC_TYPES, 0x0f)
	n("p2mp", "bool", "Point to multipoint", 8, nil, 0x80)
	n("bundles", "bool", "Takes BUNDLE", 8, nil, 0x40)
	n("numbered", "bool", "Numbered", 8, nil, 0x20)
	n("cause", "uint16", "Cause", base.DEC, CAUSES)
	n("number", "uint16", "Number of the (first) SDU")
	n("sdulen", "uint16", "Length of the SDU")
	n("circuit", "uint64", "Circuit", base.HEX)
	n("other", "uint64", "Sender's circuit", base.HEX)
	n("maxsdu", "uint16", "Largest SDU")
	n("enquiry", "uint8", "Enquiry interval")
	n("toklen", "uint8", "Token length")
	n("calling", "string", "Calling")
	n("called", "string", "Called")
	n("token", "bytes", "Token")
	n("oui", "uint24", "OUI", base.HEX)
	n("pid", "uint16", "PID", base.HEX, { [1] = "Type #1 data",
	    [3] = "MARS", [4] = "Type #2 data", [5] = "SCSP" })
	n("data", "bytes", "Data")

	m("afn", "uint16", "mar$afn")
	m("pro.type", "uint16", "mar$pro.type", base.HEX, PROTOCOLS)
	m("pro.snap", "bytes", "mar$pro.snap")
	m("hdrrsv", "bytes", "mar$hdrrsv")
	m("chksum", "uint16", "mar$chksum", base.HEX)
	m("extoff", "uint16", "mar$extoff")
	m("op.version", "uint8", "mar$op.version")
	m("op.type", "uint8", "mar$op.type", base.DEC, OPS)
	m("shtl", "uint8", "mar$shtl", base.HEX)
	m("sstl", "uint8", "mar$sstl", base.HEX)
	m("spln", "uint8", "mar$spln")
	m("thtl", "uint8", "mar$thtl", base.HEX)
	m("tstl", "uint8", "mar$tstl", base.HEX)
	m("tpln", "uint8", "mar$tpln")
	m("redirf", "bool", "mar$redirf: hard", 8, nil, 0x80)
	m("pad", "bytes", "mar$pad")
	m("pnum", "uint16", "mar$pnum")
	m("tnum", "uint16", "mar$tnum")
	m("x", "bool", "mar$x (last part)", 16, nil, 0x8000)
	m("y", "uint16", "mar$y (part)", base.DEC, nil, 0x7fff)
	m("resv", "uint16", "mar$resv")
	m("flags", "uint16", "mar$flags", base.HEX)
	m("layer3grp", "bool", "mar$flags.layer3grp", 16, nil, 0x8000)
	m("copy", "bool", "mar$flags.copy", 16, nil, 0x4000)
	m("register", "bool", "mar$flags.register", 16, nil, 0x2000)
	m("punched", "bool", "mar$flags.punched", 16, nil, 0x1000)
	m("sequence", "uint16", "mar$flags.sequence", base.DEC, nil, 0x00ff)
	m("cmi", "uint16", "mar$cmi")
	m("msn", "uint32", "mar$msn")
	m("sha", "string", "mar$sha")
	m("ssa", "string", "mar$ssa")
	m("spa", "string", "mar$spa")
	m("tpa", "string", "mar$tpa")
	m("tha", "string", "mar$tha")
	m("tsa", "string", "mar$tsa")
	m("min", "string", "mar$min")
	m("max", "string", "mar$max")
	m("mgrp", "string", "mar$mgrp")
	m("tlv.x", "uint16", "Type.x", base.DEC, nil, 0xc000)
	m("tlv.y", "uint16", "Type.y", base.HEX, nil, 0x3fff)
	m("tlv.length", "uint16", "Length")
	m("tlv.value", "bytes", "Value")
	m("pkt.cmi", "uint16", "pkt$cmi")
	m("pkt.source", "bytes", "Source ID")
	m("pkt.pro", "uint16", "pkt$pro", base.HEX, PROTOCOLS)

	s("version", "uint8", "Version")
	s("type", "uint8", "Type code", base.DEC, SCSP_TYPES)
	s("size", "uint16", "Packet size")
	s("checksum", "uint16", "Checksum", base.HEX)
	s("extensions", "uint16", "Start of extensions")
	s("interval", "uint16", "HelloInterval")
	s("dead", "uint16", "DeadFactor")
	s("family", "uint16", "Family ID")
	s("caseq", "uint32", "CA sequence number")
	s("pid", "uint16", "Protocol ID")
	s("sgid", "uint16", "Server Group ID")
	s("flags", "uint16", "Flags", base.HEX)
	s("m", "bool", "Master", 16, nil, 0x8000)
	s("i", "bool", "Initialization", 16, nil, 0x4000)
	s("o", "bool", "More", 16, nil, 0x2000)
	s("slen", "uint8", "Sender ID length")
	s("rlen", "uint8", "Receiver ID length")
	s("records", "uint16", "Number of records")
	s("sender", "bytes", "Sender ID")
	s("receiver", "bytes", "Receiver ID")
	s("csa.hops", "uint16", "Hop count")
	s("csa.length", "uint16", "Record length")
	s("csa.klen", "uint8", "Cache key length")
	s("csa.olen", "uint8", "Originator ID length")
	s("csa.null", "bool", "Null record", 16, nil, 0x8000)
	s("csa.seq", "int32", "CSA sequence number")
	s("csa.key", "bytes", "Cache key")
	s("csa.originator", "bytes", "Originator ID")
	s("csa.specific", "bytes", "Protocol specific part")
	s("ext.type", "uint16", "Extension", base.DEC,
	    { [0] = "End", "Authentication", "Vendor private" })
	s("ext.length", "uint16", "Length")
	s("ext.spi", "uint32", "SPI")
	s("ext.mac", "bytes", "Authentication data")
	s("ext.vendor", "uint24", "Vendor ID", base.HEX)
	s("ext.nonce", "uint64", "Own nonce", base.HEX)
	s("ext.echo", "uint64", "Peer's nonce", base.HEX)
	s("ext.counter", "uint64", "Counter")
	s("ext.value", "bytes", "Value")

	c("afn", "uint16", "Hardware type")
	c("pro.type", "uint16", "Protocol type", base.HEX, PROTOCOLS)
	c("pro.snap", "bytes", "Protocol SNAP")
	c("version", "uint8", "Version")
	c("state", "uint8", "State", base.DEC, STATES)
	c("layer3grp", "bool", "mar$flags.layer3grp", 16, nil, 0x8000)
	c("register", "bool", "mar$flags.register", 16, nil, 0x2000)
	c("sequence", "uint16", "mar$flags.sequence", base.DEC, nil, 0x00ff)
	c("cmi", "uint16", "Cluster Member ID")
	c("spln", "uint8", "Source address length")
	c("tpln", "uint8", "Group address length")
	c("shtl", "uint8", "ATM address type and length", base.HEX)
	c("sstl", "uint8", "ATM subaddress type and length", base.HEX)
	c("spa", "string", "Source protocol address")
	c("atm", "string", "ATM address")
	c("sub", "string", "ATM subaddress")
	c("min", "string", "Minimum group address")
	c("max", "string", "Maximum group address")
end
define()

mars.experts.bad = ProtoExpert.new("mars.expert", "Malformed MARS message",
    expert.group.MALFORMED, expert.severity.ERROR)
scsp.experts.bad = ProtoExpert.new("scsp.expert", "Malformed SCSP message",
    expert.group.MALFORMED, expert.severity.ERROR)

-- Reads fields from a buffer one after the other; never past its end: after
-- the first that is not there, everything is empty.
local Cursor = {}
Cursor.__index = Cursor

local function cursor(tvb, tree, expertfield)
	return setmetatable({ tvb = tvb, tree = tree, pos = 0,
	    last = tvb:len(), bad = false, expert = expertfield }, Cursor)
end

function Cursor:fail(text)
	if not self.bad then
		self.bad = true
		self.tree:add_proto_expert_info(self.expert, text)
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
	if r ~= nil and f ~= nil then
		self.tree:add(f, r)
	end
	return r
end

local function hex(r)
	return r:bytes():tohex():lower()
end

local function protocol_address(r)
	if r:len() == 4 then
		return tostring(r:ipv4())
	elseif r:len() == 16 then
		return tostring(r:ipv6())
	end
	return hex(r)
end

-- An NSAPA that embeds an IP address (RFC 4548), or hex.
local function nsapa(r)
	if r:len() ~= 20 then
		return hex(r)
	end
	local h, ip = hex(r), nil
	if h:sub(1, 6) == "350001" and h:sub(15, 38) == ("0"):rep(24) then
		ip = tostring(r(3, 4):ipv4())
	elseif h:sub(1, 6) == "350000" then
		ip = tostring(r(3, 16):ipv6())
	else
		return h
	end
	local sel = r(19, 1):uint()
	return sel == 0 and ip or ip .. "%" .. sel
end

function Cursor:protocol_address(n, f)
	local r = self:range(n)
	if r == nil then
		return "-"
	end
	local text = protocol_address(r)
	self.tree:add(f, r, text)
	return text
end

-- A number of the kind that a type/length octet says (RFC 2022 5.1.2).
function Cursor:atm(tl, f)
	local r = self:range(bit.band(tl, 0x3f))
	if r == nil then
		return "-"
	end
	local text
	if bit.band(tl, 0x40) ~= 0 then
		text = "+" .. r:string()
	else
		text = nsapa(r)
	end
	self.tree:add(f, r, text)
	return text
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

local function tlvs(c, off)
	if off == 0 then
		return
	end
	if off < c.pos then
		return c:fail("TLVs inside the addresses")
	end
	c.pos = off
	while not c.bad do
		local y = c:num(2, M["tlv.x"], M["tlv.y"]) % 0x4000
		local len = c:num(2, M["tlv.length"])
		if y == 0 then
			return
		end
		c:bytes(len, M["tlv.value"])
		c:range(-len % 4)
	end
end

local JOINS = { [3] = true, [4] = true, [5] = true, [7] = true, [8] = true,
    [9] = true, [10] = true }

-- RFC 2022 5.2.1: the mandatory fields; what follows mar$ssa by the closure.
local function join(c, spln)
	local tpln = c:num(1, M.tpln)
	local pnum = c:num(2, M.pnum)
	c:num(2, M.flags, M.layer3grp, M.copy, M.register, M.punched,
	    M.sequence)
	c:num(2, M.cmi)
	c:num(4, M.msn)
	return function()
		local text = ""
		c:protocol_address(spln, M.spa)
		for _ = 1, tpln == 0 and 0 or pnum do
			local low = c:protocol_address(tpln, M.min)
			local high = c:protocol_address(tpln, M.max)
			if c.bad then
				break
			end
			text = text .. " " .. low ..
			    (low ~= high and "-" .. high or "")
		end
		return text
	end
end

-- 5.1.2, 5.1.6, 5.3 and 5.4.3
local function multi(c, op, spln)
	local thtl = c:num(1, M.thtl)
	local tstl = c:num(1, M.tstl)
	local tpln = c:num(1, op == 12 and M.redirf or M.tpln)
	local tnum = 1
	if op == 1 or op == 6 then
		c:bytes(8, M.pad)
	else
		tnum = c:num(2, M.tnum)
		if op == 13 then
			c:num(2, M.resv)
		else
			c:num(2, M.x, M.y)
		end
		c:num(4, M.msn)
	end
	return function()
		local text = ""
		if op ~= 12 then
			c:protocol_address(spln, M.spa)
		end
		if op == 11 then
			for _ = 1, tpln == 0 and 0 or tnum do
				text = text .. " " ..
				    c:protocol_address(tpln, M.mgrp)
				if c.bad then
					break
				end
			end
			return text
		elseif op ~= 12 then
			text = " " .. c:protocol_address(tpln, M.tpa)
		end
		if bit.band(bit.bor(thtl, tstl), 0x3f) == 0 then
			return text
		end
		for _ = 1, tnum do
			c:atm(thtl, M.tha)
			c:atm(tstl, M.tsa)
			if c.bad then
				break
			end
		end
		return text .. " (" .. tnum .. ")"
	end
end

function mars.dissector(tvb, pinfo, root)
	if tvb:len() > 16 and tvb(16, 1):uint() == 1 then
		-- op.version 1 on this code point is NHRP's
		local nhrp = Dissector.get("nhrp")
		return (nhrp or Dissector.get("data")):call(tvb, pinfo, root)
	end
	pinfo.cols.protocol = "MARS"
	local tree = root:add(mars, tvb())
	local c = cursor(tvb, tree, mars.experts.bad)
	c:num(2, M.afn)
	c:num(2, M["pro.type"])
	c:bytes(5, M["pro.snap"])
	c:bytes(3, M.hdrrsv)
	local sum = c:num(2, M.chksum)
	local extoff = c:num(2, M.extoff)
	c:num(1, M["op.version"])
	local op = c:num(1, M["op.type"])
	local shtl = c:num(1, M.shtl)
	local sstl = c:num(1, M.sstl)
	if c.bad then
		return
	end
	if sum ~= 0 and checksum(tvb, tvb:len()) ~= 0 then
		c:fail("bad checksum")
		c.bad = false
	end
	if OPS[op] == nil then
		return c:fail("unknown operation")
	end
	local spln = c:num(1, M.spln)
	local rest
	if JOINS[op] then
		rest = join(c, spln)
	else
		rest = multi(c, op, spln)
	end
	local source = c:atm(shtl, M.sha)
	c:atm(sstl, M.ssa)
	local text = OPS[op] .. " " .. source .. rest()
	tlvs(c, extoff - extoff % 4)
	tree:append_text(", " .. text)
	pinfo.cols.info = text
end

-- RFC 2443 section 3; a Redirect Entry has neither protocol addresses.
function csa.dissector(tvb, pinfo, root)
	local tree = root:add(csa, tvb())
	local c = cursor(tvb, tree, scsp.experts.bad)
	c:num(2, C.afn)
	c:num(2, C["pro.type"])
	c:bytes(5, C["pro.snap"])
	c:range(1)
	c:num(1, C.version)
	local state = c:num(1, C.state)
	c:num(2, C.layer3grp, C.register, C.sequence)
	c:num(2, C.cmi)
	local spln, tpln = c:num(1, C.spln), c:num(1, C.tpln)
	local shtl, sstl = c:num(1, C.shtl), c:num(1, C.sstl)
	if state ~= 1 then
		c:protocol_address(spln, C.spa)
	end
	local text = (STATES[state] or "unknown state") .. " " ..
	    c:atm(shtl, C.atm)
	c:atm(sstl, C.sub)
	if state ~= 1 and tpln ~= 0 then
		local low = c:protocol_address(tpln, C.min)
		local high = c:protocol_address(tpln, C.max)
		text = text .. " " .. low ..
		    (low ~= high and "-" .. high or "")
	end
	if c.pos ~= c.last then
		c:fail("longer than its lengths say")
	end
	tree:append_text(", " .. text)
	return text
end

local function record(c, embedded, pid, pinfo)
	local outer, start = c.tree, c.pos
	c.tree = outer:add(scsp, c.tvb(start), embedded and "CSA record" or
	    "CSAS record")
	c:num(2, S["csa.hops"])
	local len = c:num(2, S["csa.length"])
	local klen = c:num(1, S["csa.klen"])
	local olen = c:num(1, S["csa.olen"])
	c:num(2, S["csa.null"])
	c:num(4, S["csa.seq"])
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
	end
	c.tree:set_len(c.pos - start)
	c.tree = outer
end

local function extensions(c)
	while not c.bad do
		local kind = c:num(2, S["ext.type"])
		local len = c:num(2, S["ext.length"])
		local stop = c.pos + len
		if c.bad or kind == 0 then
			return
		elseif kind == 1 and len >= 4 then
			c:num(4, S["ext.spi"])
			c:bytes(len - 4, S["ext.mac"])
		elseif kind == 2 and len == 32 and stop <= c.last and
		    c.tvb(c.pos, 3):uint() == 0x024d52 then
			c:num(3, S["ext.vendor"])
			c:range(5)
			c:num(8, S["ext.nonce"])
			c:num(8, S["ext.echo"])
			c:num(8, S["ext.counter"])
		else
			c:bytes(len, S["ext.value"])
		end
	end
end

-- RFC 2334 appendix B
function scsp.dissector(tvb, pinfo, root)
	pinfo.cols.protocol = "SCSP"
	local tree = root:add(scsp, tvb())
	local c = cursor(tvb, tree, scsp.experts.bad)
	c:num(1, S.version)
	local kind = c:num(1, S.type)
	local size = c:num(2, S.size)
	c:num(2, S.checksum)
	local ext = c:num(2, S.extensions)
	if c.bad then
		return
	end
	if size ~= tvb:len() then
		return c:fail("packet size")
	end
	if checksum(tvb, size) ~= 0 then
		c:fail("bad checksum")
		c.bad = false
	end
	if ext > size then
		return c:fail("start of extensions")
	end
	if ext ~= 0 then
		c.last = ext
	end
	if kind == 5 then
		c:num(2, S.interval)
		c:num(2, S.dead)
		c:range(2)
		c:num(2, S.family)
	elseif kind == 1 then
		c:num(4, S.caseq)
	end
	local pid = c:num(2, S.pid)
	c:num(2, S.sgid)
	c:range(2)
	if kind == 1 then
		c:num(2, S.flags, S.m, S.i, S.o)
	else
		c:num(2, S.flags)
	end
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
	if not c.bad and c.pos ~= c.last then
		c:fail("octets after the records")
	end
	if ext ~= 0 and not c.bad then
		c.last = size
		extensions(c)
	end
	local text = (SCSP_TYPES[kind] or "unknown type") .. " (" .. count ..
	    ")"
	tree:append_text(", " .. text)
	pinfo.cols.info = text
end

-- RFC 2022 5.5: Type #1 (PID 1) and Type #2 (PID 4) data
local function data(pid, tvb, pinfo, root)
	pinfo.cols.protocol = "MARS"
	pinfo.cols.info = "Type #" .. (pid == 1 and 1 or 2) .. " data"
	local tree = root:add(mars, tvb(), "MARS multicast data")
	local c = cursor(tvb, tree, mars.experts.bad)
	if pid == 1 then
		c:num(2, M["pkt.cmi"])
	else
		c:bytes(8, M["pkt.source"])
	end
	local pro = c:num(2, M["pkt.pro"])
	if pro == 0x80 then
		c:bytes(5, M["pro.snap"])
		c:range(pid == 1 and 3 or 1)
	elseif pid == 4 then
		c:range(2)
	end
	if c.bad or c.pos >= c.last then
		return
	end
	local rest = tvb(c.pos):tvb()
	local ok = DissectorTable.get("ethertype"):try(pro, rest, pinfo, root)
	if ok == 0 then
		Dissector.get("data"):call(rest, pinfo, root)
	end
end

local function sdu(c, pinfo, root)
	if c.last - c.pos < 8 or c.tvb(c.pos, 3):uint() ~= 0xaaaa03 then
		return c:bytes(c.last - c.pos, N.data)
	end
	c:range(3)
	local oui, pid = c:num(3, N.oui), c:num(2, N.pid)
	if c.pos >= c.last then
		return
	end
	local rest = c.tvb(c.pos):tvb()
	if oui == 0x5e and pid == 3 then
		mars.dissector(rest, pinfo, root)
	elseif oui == 0x5e and pid == 5 then
		scsp.dissector(rest, pinfo, root)
	elseif oui == 0x5e and (pid == 1 or pid == 4) then
		data(pid, rest, pinfo, root)
	else
		c:bytes(c.last - c.pos, N.data)
	end
end

function nvc.dissector(tvb, pinfo, root)
	if tvb:len() < 12 or bit.rshift(tvb(0, 1):uint(), 4) ~= 1 then
		return 0
	end
	pinfo.cols.protocol = "NVC"
	local tree = root:add(nvc, tvb())
	local c = cursor(tvb, tree, mars.experts.bad)
	local kind = c:num(1, N.version, N.type) % 16
	local flags = c:num(1, N.p2mp, N.bundles, N.numbered)
	local numbered = kind >= 7 and bit.band(flags, 0x20) ~= 0
	c:num(2, numbered and N.number or N.cause)
	c:num(8, N.circuit)
	pinfo.cols.info = NVC_TYPES[kind] or "unknown"
	tree:append_text(", " .. (NVC_TYPES[kind] or "unknown"))
	if kind == 1 then
		c:num(8, N.other)
		c:num(2, N.maxsdu)
		c:num(1, N.enquiry)
		local n = c:num(1, N.toklen)
		c:atm(20, N.calling)
		c:atm(20, N.called)
		c:bytes(n, N.token)
	elseif kind == 2 then
		c:bytes(c.last - c.pos, N.token)
	elseif kind == 3 then
		c:num(8, N.other)
		c:num(2, N.maxsdu)
		c:num(1, N.enquiry)
	elseif kind >= 4 and kind <= 6 then
		c:num(8, N.other)
	elseif kind == 7 then
		sdu(c, pinfo, root)
	elseif kind == 8 then
		while not c.bad and c.pos < c.last do
			local r = c:range(c:num(2, N.sdulen))
			if r ~= nil then
				sdu(cursor(r:tvb(), tree, mars.experts.bad),
				    pinfo, root)
			end
		end
	end
	return tvb:len()
end

for port = FIRST_PORT, LAST_PORT do
	DissectorTable.get("udp.port"):add(port, nvc)
end
