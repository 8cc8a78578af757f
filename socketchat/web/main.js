// @ts-check
const { hostname, port } = window.location;
const host = document.getElementById("host");
if (host) host.textContent = port && port !== "5000" ? `${hostname} --port ${port}` : hostname;
