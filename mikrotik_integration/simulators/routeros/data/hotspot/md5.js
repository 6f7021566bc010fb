/* MD5 (RFC 1321) of a string of bytes, in hex. */
function hexMD5(text) {
	var shifts = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
	var words = [], length = text.length, hash = [1732584193, -271733879, -1732584194, 271733878], i, at;
	for (i = 0; i < length; i++) words[i >> 2] |= (text.charCodeAt(i) & 255) << ((i & 3) * 8);
	words[length >> 2] |= 128 << ((length & 3) * 8);
	var last = (((length + 8) >> 6) << 4) + 14;
	words[last] = length * 8;
	words[last + 1] = 0;
	for (at = 0; at < last; at += 16) {
		var a = hash[0], b = hash[1], c = hash[2], d = hash[3], f, k, sum, turn;
		for (i = 0; i < 64; i++) {
			if (i < 16) { f = (b & c) | (~b & d); k = i; }
			else if (i < 32) { f = (d & b) | (~d & c); k = (5 * i + 1) & 15; }
			else if (i < 48) { f = b ^ c ^ d; k = (3 * i + 5) & 15; }
			else { f = c ^ (b | ~d); k = (7 * i) & 15; }
			sum = (a + f + (Math.floor(Math.abs(Math.sin(i + 1)) * 4294967296) | 0) + (words[at + k] | 0)) | 0;
			turn = shifts[(i >> 4) * 4 + (i & 3)];
			a = d; d = c; c = b;
			b = (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0;
		}
		hash = [(hash[0] + a) | 0, (hash[1] + b) | 0, (hash[2] + c) | 0, (hash[3] + d) | 0];
	}
	var hex = '';
	for (i = 0; i < 16; i++) hex += ('0' + ((hash[i >> 2] >>> ((i & 3) * 8)) & 255).toString(16)).slice(-2);
	return hex;
}
