// node -r loopback.js: servers that name no address listen on this machine only.
const net = require("net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (first, ...rest) {
	return /^\d+$/.test(String(first))
		? listen.call(this, Number(first), "127.0.0.1", ...rest)
		: listen.call(this, first, ...rest);
};
