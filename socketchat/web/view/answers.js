// @ts-check
/**
 * Puts the answers to commands into words.
 *
 * @import {Command, ServerEvent} from "../session/types.js"
 */

/** @param {boolean | undefined} is @param {string} text */
const when = (is, text) => (is ? text : "");

/**
 * Return the lines that say what a command was answered, "" if there is nothing to say.
 * @param {Command} command
 * @param {ServerEvent[]} events
 */
export function answerText(command, events) {
  return (
    events
      .map((event) => partText(event))
      .filter(Boolean)
      .join("\n") || doneText(command)
  );
}

/** @param {Command} command */
function doneText({ type, name, room, conversation, private: isPrivate }) {
  /** @type {Record<string, string>} */
  const told = {
    away: "You are away until you say something.",
    read: `Marked ${conversation ?? "everything"} as read.`,
    kick: `Removed ${name} from ${room}.`,
    ban: `Banned ${name} from ${room}.`,
    unban: `Lifted the ban on ${name}.`,
    mute: `Muted ${name} in ${room}.`,
    unmute: `Lifted the mute on ${name}.`,
    invite: `Invited ${name} to ${room}.`,
    access: `${room} is now ${isPrivate ? "private" : "public"}.`,
    ignore: `Messages from ${name} are hidden.`,
    unignore: `Messages from ${name} are shown again.`,
  };
  return told[type] ?? "";
}

/** @param {ServerEvent} event */
function partText(event) {
  switch (event.type) {
    case "help":
      return event.text;
    case "topic":
      return event.text ? `Topic of ${event.room}: ${event.text}` : `${event.room} has no topic.`;
    case "ignored":
      return event.names?.length ? `You ignore: ${event.names.join(", ")}` : "You ignore nobody.";
    case "rooms":
      return (event.rooms ?? []).map(roomText).join("\n");
    case "settings":
      return settingsText(event);
    case "devices":
      return devicesText(event);
    case "unread":
      return (event.conversations ?? []).map(unreadText).join("\n") || "Nothing is unread.";
    default:
      return "";
  }
}

/** @param {any} room */
function roomText({ name, online = 0, topic = "", member = false }) {
  return `${name} – ${online} online${when(member, ", joined")}${when(topic, `: ${topic}`)}`;
}

/** @param {any} count */
function unreadText({ name, messages = 0, mentions = 0, first }) {
  return `${name}: ${messages} unread${when(mentions, `, ${mentions} to you`)}${when(first, `, from ${name}/${first}`)}`;
}

/** @param {any} settings */
function settingsText({ room, topic, owner, moderators = [], voiced = [], announce, slow, former = [], ...rest }) {
  return [
    room,
    when(topic, `topic: ${topic}`),
    when(owner, `owner: ${owner}`),
    when(moderators.length, `moderators: ${moderators.join(", ")}`),
    when(voiced.length, `with a voice: ${voiced.join(", ")}`),
    when(rest.private, "private: only members and invited users see it"),
    when(announce, "announce: only moderators and users with a voice write"),
    when(slow, `slow: one message every ${slow} seconds`),
    when(former.length, `former names: ${former.join(", ")}`),
  ]
    .filter(Boolean)
    .join("\n");
}

/** @param {any} told */
function devicesText({ devices = [], password = false }) {
  const lines = devices.map(
    (/** @type {any} */ { fingerprint, label, added, current, online }) =>
      `${fingerprint} ${label} – added ${new Date(added).toLocaleDateString()}` +
      when(current, ", this device") +
      when(online && !current, ", online"),
  );
  const remove = "\n/devices revoke FINGERPRINT removes one.";
  return lines.join("\n") + `\n${password ? "A password is set." : "No password is set."}${remove}`;
}
