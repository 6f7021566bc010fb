(function () {
	var left = document.getElementById("left");
	var bytes = left && +left.getAttribute("data-bytes"), perMb = left && +left.getAttribute("data-per-mb");
	if (!bytes || !perMb) return;
	var perGb = perMb * (perMb === 1048576 ? 1024 : 1000);
	left.textContent =
		bytes < perGb ? Math.floor(bytes / perMb) + " MB" : Math.floor((100 * bytes) / perGb) / 100 + " GB";
})();
