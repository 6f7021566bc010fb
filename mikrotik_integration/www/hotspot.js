// The captive portal. Keeps nothing on the phone: a purchase's token stands in the address, after the #.
// Whether the device is online is what the router says: it leads here after a login, and the server reads it. That the
// device has a voucher says nothing of it.
(() => {
	"use strict";

	const API = "/api/method/mikrotik_integration.api.hotspot.";
	const VENDOR = "/assets/mikrotik_integration/js/vendor/qr.min.js?v=0.7.0";
	const POLL_MS = 1000;
	const SLOW_POLL_MS = 4000;
	const SLOW_AFTER_MS = 120e3;
	const PATIENCE_AFTER_MS = 75e3;
	const STATUS_MS = 20e3;
	const UNREAD_MS = 240e3; // routers are read every two minutes
	const PHOTO_SIZES = [1000, 1600, 700];
	const PRIVATE = /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)\d{1,3}\.\d{1,3}(\.\d{1,3})?$/;

	const LIKE_A_MAC = /^(T-)?([\da-f]{2}[:-]?){5}[\da-f]{2}$/i;
	const LEAVING_MS = 12e3;

	const find = (selector) => document.querySelector(selector);
	const $ = (id) => document.getElementById(id);
	const place = document.body.dataset;
	const words = JSON.parse($("words").textContent);
	const language = document.documentElement.lang;
	const asked = new URLSearchParams(location.search);
	const mac = (asked.get("mac") || "").slice(0, 17);
	const forms = { voucher: find("#voucher form"), replace: find("#replace form"), buy: find("#buy form") };
	let following = 0;
	let online = false;
	let stopCamera = () => {};

	// ---- small things

	const say = (text, ...values) => values.reduce((said, value, at) => said.replace(`{${at}}`, value), text);
	const show = (id, shown = true) => $(id) && ($(id).hidden = !shown);
	const wait = (ms) => new Promise((done) => setTimeout(done, ms));

	function notice(text) {
		$("notice").textContent = text || "";
		show("notice", !!text);
		if (text) $("notice").scrollIntoView({ block: "nearest" });
	}

	// Calls the server; a refusal is an Error with words for the visitor, anything else one without.
	async function ask(name, values) {
		const answer = await fetch(API + name, {
			method: "POST",
			credentials: "omit",
			cache: "no-store",
			headers: { "Content-Type": "application/json", Accept: "application/json" },
			body: JSON.stringify(Object.assign({ language }, values)),
		});
		const body = await answer.json();
		if (answer.ok) return body.message;
		const error = new Error();
		error.words = wordsOf(body) || words.try_again;
		error.passes = answer.status === 429 || answer.status >= 500;
		error.tooMany = answer.status === 429;
		throw error;
	}

	function wordsOf(body) {
		try {
			const { message } = JSON.parse(JSON.parse(body._server_messages).pop());
			return new DOMParser().parseFromString(message, "text/html").body.textContent;
		} catch (none) {
			return "";
		}
	}

	// One thing at a time for the buttons of a form, and plain words if it does not work.
	async function busy(form, work) {
		const buttons = [...form.querySelectorAll("button")];
		notice();
		buttons.forEach((button) => (button.disabled = true));
		try {
			await work();
		} catch (error) {
			notice(error.words || words.try_again);
		}
		buttons.forEach((button) => (button.disabled = false));
	}

	function onSubmit(form, work) {
		form.onsubmit = (event) => {
			event.preventDefault();
			busy(form, work);
		};
	}

	function field(form, name, complaint) {
		const value = (new FormData(form).get(name) || "").trim();
		if (!value) throw Object.assign(new Error(), { words: complaint });
		return value;
	}

	// ---- logging in at the router

	// The router's own login: as the server knows it, else as the router said, if that is an address of a local network.
	function loginAddress() {
		if (place.login) return place.login;
		try {
			const url = new URL(asked.get("link-login-only"));
			if (/^https?:$/.test(url.protocol) && PRIVATE.test(url.hostname)) return url.origin + "/login";
		} catch (none) {}
		return "";
	}

	function ownAddress() {
		return `${location.origin}${location.pathname}?${new URLSearchParams({ in: 1, mac, lang: language })}`;
	}

	function logIn(username) {
		const action = loginAddress();
		if (!action) return notice(words.no_login);
		const fields = { username, password: username, dst: ownAddress() };
		// Browsers warn of a form that goes from https to http; of a link they do not.
		if (location.protocol === "https:" && action.startsWith("http:")) {
			location.href = `${action}?${new URLSearchParams(fields)}`;
			return;
		}
		const form = document.createElement("form");
		Object.assign(form, { method: "post", action, hidden: true });
		for (const name in fields) {
			form.append(Object.assign(document.createElement("input"), { name, value: fields[name] }));
		}
		document.body.append(form);
		form.submit();
	}

	// Lets this device use the voucher, waits until the router knows it and a device that was replaced has left, and logs in.
	async function connect(code, leaving) {
		const began = Date.now();
		let answer;
		try {
			answer = await ask("redeem", { router: place.portal, code, mac });
		} catch (error) {
			if (!error.tooMany || !loginAddress()) throw error;
			// The server answers no more of these; the router knows the codes, too, and only who is here can ask it.
			progress(words.connecting);
			return logIn(meant(code));
		}
		if (answer.state === "refused") return refused(code, answer);
		const username = answer.login ? answer.login.username : ungrouped(answer.code);
		while (!answer.ready || (leaving && Date.now() - began < LEAVING_MS)) {
			progress(words.preparing);
			await wait(POLL_MS);
			answer = await patiently(() => ask("status", { router: place.portal, mac, code }));
			leaving = leaving && answer.online;
		}
		progress(words.connecting);
		logIn(username);
	}

	// A code as the router holds it, for when the server does not say; one that was made elsewhere stays as it was typed.
	const meant = (code) => (/^\w{4}([ -]\w{1,4})+$/.test(code) ? code.replace(/[ -]/g, "").toLowerCase() : code);
	const ungrouped = (code) => (/^\w{4}(-\w{1,4})+$/.test(code) ? code.replace(/-/g, "") : code);

	function progress(text) {
		if ($("paid").offsetParent) $("progress").textContent = text;
		else notice(text);
	}

	function refused(code, answer) {
		$("progress").textContent = "";
		if (!answer.may_replace || !mac) return notice(answer.reason);
		$("full").textContent = answer.reason;
		$("devices").textContent = "";
		$("devices").append(...answer.devices.map(radio));
		forms.replace.dataset.code = code;
		show("replace");
		$("replace").scrollIntoView();
	}

	function radio(name, value) {
		const label = document.createElement("label");
		label.className = "package";
		label.append(Object.assign(document.createElement("input"), { type: "radio", name: "old", value }), name);
		return label;
	}

	onSubmit(forms.replace, async () => {
		const old = +field(forms.replace, "old", words.choose_device);
		const phone = field(forms.replace, "phone", words.no_phone);
		const { code } = forms.replace.dataset;
		await ask("replace_device", { router: place.portal, code, phone, old, mac });
		show("replace", false);
		await connect(code, true);
	});

	// ---- buying

	// Asks again and again while the server cannot be reached.
	async function patiently(work) {
		for (;;) {
			try {
				return await work();
			} catch (error) {
				if (error.words && !error.passes) throw error;
				if ($("waiting").offsetParent) $("patience").textContent = words.no_server;
				else progress(words.no_server);
				await wait(POLL_MS);
			}
		}
	}

	async function follow(token) {
		const mine = ++following;
		const began = Date.now();
		history.replaceState(null, "", `#p=${encodeURIComponent(token)}`);
		panel("waiting");
		for (;;) {
			const answer = await patiently(() => ask("purchase", { token }));
			if (mine !== following) return;
			const passed = Date.now() - began;
			if (answer.state !== "waiting") return decided(answer);
			$("pin").textContent = say(words.pin, answer.phone, answer.amount);
			$("patience").textContent = passed > PATIENCE_AFTER_MS ? words.keep_waiting : "";
			await wait(passed > SLOW_AFTER_MS ? SLOW_POLL_MS : POLL_MS);
		}
	}

	// What is to be seen of a purchase: "waiting", "paid", or nothing, and then what can be bought.
	function panel(name) {
		show("purchase", !!name);
		show("offline", !online && !name);
		show("waiting", name === "waiting");
		show("paid", name === "paid");
		show("buy", !name);
		show("voucher", !name);
		if (name) $("purchase").scrollIntoView({ block: "nearest" });
	}

	function forget() {
		following++;
		history.replaceState(null, "", location.pathname + location.search);
		panel();
	}

	async function decided(answer) {
		if (answer.state === "paid") return paid(answer.code);
		forget();
		if (answer.state === "failed") notice(say(words.failed, answer.message || ""));
		if (answer.state === "refund") notice(words.refund);
	}

	// The guest sees the code, and then connects: many a phone closes the portal's window as soon as it is online.
	function paid(code) {
		panel("paid");
		$("code").textContent = code;
		forms.voucher.elements.code.value = code;
		show("connect", !online);
		$("connect").onclick = () => busy($("paid"), () => connect(code));
		$("copy").onclick = () => copy(code);
		$("back").onclick = forget;
	}

	async function copy(code) {
		try {
			await navigator.clipboard.writeText(code);
			$("progress").textContent = words.copied;
		} catch (notAllowed) {
			getSelection().selectAllChildren($("code"));
			$("progress").textContent = document.execCommand("copy") ? words.copied : words.selected;
		}
	}

	if (forms.buy) {
		forms.buy.onchange = () => {
			for (const one of document.querySelectorAll(".package")) {
				one.classList.toggle("chosen", one.firstChild.checked);
			}
		};
		onSubmit(forms.buy, async () => {
			const choice = field(forms.buy, "package", words.choose);
			const phone = field(forms.buy, "phone", words.no_phone);
			const { token } = await ask("buy", { router: place.portal, package: choice, phone, mac });
			follow(token).catch((error) => notice(error.words || words.try_again));
		});
		$("resume").onclick = () =>
			busy(forms.buy, async () => {
				const phone = field(forms.buy, "phone", words.no_phone);
				const { state, token } = await ask("resume", { router: place.portal, phone, mac });
				if (state !== "found") return notice(words.bought_again);
				follow(token).catch((error) => notice(error.words || words.try_again));
			});
	}

	// ---- a voucher: typed, or its QR code

	onSubmit(forms.voucher, () => connect(field(forms.voucher, "code", words.no_code)));

	// The code in what was scanned or pasted: a login link, a portal link, or the code itself; as core/vouchers/links.py.
	function codeIn(text) {
		text = text.trim();
		let code = text;
		if (text.includes("://")) {
			try {
				const url = new URL(text);
				const found = new Set(["username", "code"].flatMap((name) => url.searchParams.getAll(name)).filter(Boolean));
				code = /^https?:$/.test(url.protocol) && found.size === 1 ? [...found][0] : "";
			} catch (none) {
				return "";
			}
		}
		return /^[a-z0-9][a-z0-9._@-]{0,63}$/i.test(code) && !LIKE_A_MAC.test(code) ? code : "";
	}

	function scanned(text) {
		const code = codeIn(text);
		if (!code) return false;
		forms.voucher.elements.code.value = code;
		forms.voucher.requestSubmit ? forms.voucher.requestSubmit() : forms.voucher.onsubmit(new Event("submit"));
		return true;
	}

	let decoder;
	function loadDecoder() {
		decoder =
			decoder ||
			new Promise((done, failed) => {
				const script = document.createElement("script");
				Object.assign(script, { src: VENDOR, onload: () => done(window.qr.decodeQR), onerror: failed });
				document.head.append(script);
			});
		return decoder.catch((error) => {
			decoder = null;
			throw error;
		});
	}

	const canvas = document.createElement("canvas");
	function decode(decodeQR, picture, width, height, most, timeLimit) {
		const scale = Math.min(1, most / Math.max(width, height));
		canvas.width = Math.round(width * scale);
		canvas.height = Math.round(height * scale);
		const pen = canvas.getContext("2d", { willReadFrequently: true });
		pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
		try {
			return decodeQR(pen.getImageData(0, 0, canvas.width, canvas.height), { timeLimit });
		} catch (nothing) {
			return "";
		}
	}

	$("scan").onclick = async () => {
		notice();
		const video = find("video");
		try {
			const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
			stopCamera = () => {
				stream.getTracks().forEach((track) => track.stop());
				show("camera", false);
				stopCamera = () => {};
			};
			show("camera");
			video.srcObject = stream;
			await video.play();
			const decodeQR = await loadDecoder();
			while (stream.active && !$("camera").hidden) {
				const text = decode(decodeQR, video, video.videoWidth, video.videoHeight, 800, 60);
				if (text && scanned(text)) stopCamera();
				await wait(120);
			}
		} catch (refusedOrMissing) {
			stopCamera();
			notice(words.camera_refused);
		}
	};
	find("#camera button").onclick = () => stopCamera();

	$("photo").onchange = async ({ target }) => {
		const [file] = target.files;
		if (!file) return;
		notice(words.reading);
		const picture = new Image();
		const url = URL.createObjectURL(file);
		try {
			const loaded = new Promise((done, failed) => Object.assign(picture, { onload: done, onerror: failed, src: url }));
			const [decodeQR] = await Promise.all([loadDecoder(), loaded]);
			const { naturalWidth: width, naturalHeight: height } = picture;
			const found = PHOTO_SIZES.some((most) => scanned(decode(decodeQR, picture, width, height, most, 600)));
			if (!found) notice(words.nothing_in_photo);
		} catch (unreadable) {
			notice(words.nothing_in_photo);
		}
		URL.revokeObjectURL(url);
		target.value = "";
	};

	// ---- what is left

	const perMb = +place.bytesPerMb;
	const perGb = perMb * (perMb === 1048576 ? 1024 : 1000);
	const amount = (bytes) =>
		bytes < perGb ? `${Math.floor(bytes / perMb)} MB` : `${Math.floor((100 * bytes) / perGb) / 100} GB`;

	// The two largest units, as people say it; begun minutes count.
	function span(seconds) {
		const units = [
			[86400, words.day, words.days],
			[3600, words.hour, words.hours],
			[60, words.minute, words.minutes],
		];
		const parts = [];
		let rest = Math.ceil(seconds / 60) * 60;
		for (const [size, one, many] of units) {
			const count = Math.floor(rest / size);
			if (count) parts.push(say(count === 1 ? one : many, count));
			rest %= size;
		}
		return parts.slice(0, 2).join(" ") || say(words.minutes, 0);
	}

	function fact(card, name, text) {
		const place = card.querySelector(`.${name}`);
		place.hidden = !text;
		place.lastElementChild.textContent = text;
	}

	const firstCard = find(".card");

	function card(voucher, one, all) {
		const made = firstCard.cloneNode(true);
		const ends = voucher.ends_in_seconds;
		const seconds = [voucher.seconds_left, ends, voucher.valid_for_seconds].find((known) => known !== null);
		const moment = { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
		made.hidden = false;
		made.firstChild.textContent = all.length > 1 ? voucher.package : "";
		fact(made, "time-left", seconds === undefined ? "" : span(seconds));
		fact(made, "data-left", voucher.bytes_left === null ? words.unlimited : amount(voucher.bytes_left));
		fact(made, "ends", ends === null ? "" : new Date(Date.now() + ends * 1000).toLocaleString(`${language}-KE`, moment));
		return made;
	}

	// The voucher in use or to be used next comes first; while the device is online, the others are no news.
	function showVouchers(vouchers) {
		$("cards").textContent = "";
		$("cards").append(...vouchers.map(card));
		show("online", online || vouchers.length);
		show("online-title", online);
		show("left-title", !online && vouchers.length === 1);
		show("several-title", !online && vouchers.length > 1);
		show("offline", !online && $("purchase").hidden);
		show("log-out", online);
		show("connect", !online);
	}

	// The router leads here after a login, with in=1: then the device is online, whenever the server hears of it.
	async function showStatus() {
		const justNow = asked.get("in") === "1";
		const since = Date.now();
		online = justNow;
		showVouchers([]);
		if (justNow) {
			asked.delete("in"); // loaded again, the page says what the server knows
			history.replaceState(null, "", `?${asked}${location.hash}`);
		}
		for (;;) {
			try {
				const answer = await ask("status", { router: place.portal, mac });
				online = answer.online || (justNow && Date.now() - since < UNREAD_MS);
				showVouchers(answer.vouchers || []);
				if (!answer.vouchers && !justNow) return;
			} catch (notNow) {}
			await wait(STATUS_MS);
		}
	}

	// ---- what the router said

	function tellError(error) {
		if (/uptime|time limit/i.test(error)) return notice(words.error_time);
		if (/traffic|bytes|transfer/i.test(error)) return notice(words.error_data);
		if (/no more sessions|session limit/i.test(error)) return notice(words.devices_full);
		notice(/user|password/i.test(error) ? words.error_login : words.error_other);
	}

	$("language").onclick = ({ target }) => {
		asked.set("lang", target.lang);
		target.href = `?${asked}${location.hash}`;
	};
	// After a login the router's page leads here with the `dst` of the login: if it is this page, its language stays.
	const back = (asked.get("link-orig") || "").split(`${location.origin}${location.pathname}?`)[1];
	const before = new URLSearchParams(back).get("lang");
	if (before && before !== language && !asked.get("lang")) {
		asked.set("lang", before);
		location.replace(`?${asked}`);
	}
	if (asked.get("error")) tellError(asked.get("error"));
	if (asked.get("code")) forms.voucher.elements.code.value = codeIn(asked.get("code"));
	if (mac) showStatus();
	if (location.hash.startsWith("#p=")) {
		follow(decodeURIComponent(location.hash.slice(3))).catch(forget);
	}
})();
