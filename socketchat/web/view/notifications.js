// @ts-check
/** Tells of messages to the user while the page is open but not looked at. */

export function canAsk() {
  return "Notification" in window && Notification.permission === "default";
}

/** Ask the browser for its permission; must be called by a click. */
export async function askToNotify() {
  return "Notification" in window && (await Notification.requestPermission()) === "granted";
}

/**
 * Show a notification, unless the user looks at the page or has not permitted any.
 * @param {string} title
 * @param {string} text
 * @param {string} tag one notification per tag is shown
 * @param {() => void} open
 */
export function notifyUser(title, text, tag, open) {
  const isWatching = document.visibilityState === "visible" && document.hasFocus();
  if (isWatching || !("Notification" in window) || Notification.permission !== "granted") return;
  try {
    const shown = new Notification(title, { body: text.slice(0, 200), tag, icon: "/icon.svg" });
    shown.onclick = () => {
      window.focus();
      open();
      shown.close();
    };
  } catch {
    // Chrome on Android allows notifications to service workers only.
  }
}
