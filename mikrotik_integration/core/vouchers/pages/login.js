(function () {
	var form = document.forms.voucher, portal = document.getElementById("portal");
	var error = document.getElementById("error");
	var alike = "@LOOK_ALIKES@", real = "@REAL@", made = /^[@LETTERS@]{@SHORTEST@,@LONGEST@}$/;
	function meant(typed) {
		var bare = typed.toLowerCase().replace(/[^0-9a-z]+/g, "").replace(/./g, function (letter) {
			return real[alike.indexOf(letter)] || letter;
		});
		return form.getAttribute("data-exact") !== "yes" && made.test(bare) ? bare : typed.trim();
	}
	document.getElementById("again").style.display = "none";
	form.onsubmit = function () {
		form.elements.username.value = form.elements.password.value = meant(form.elements.username.value);
	};
	if (error) {
		try {
			error.textContent = decodeURIComponent(error.textContent.replace(/\+/g, " "));
		} catch (unreadable) {}
	} else if (window.fetch && location.hash !== "#voucher") {
		fetch(portal.href.split("?")[0], { mode: "no-cors", credentials: "omit", cache: "no-store" }).then(function () {
			if (!form.elements.username.value && document.activeElement !== form.elements.username) {
				location.hash = "voucher";
				location.href = portal.href;
			}
		}, function () {});
	}
})();
