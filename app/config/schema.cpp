// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/schema.h"

namespace camwarden
{

static constexpr double minute = 60, hour = 3600, day = 86400;
static constexpr double kib = 1024, mib = 1024 * kib, gib = 1024 * mib, tib = 1024 * gib;

static const Group groups[] = {
  { "camera",
    "One camera. The part after the colon is its id: small letters, digits and dashes, at "
    "most 32. Without any such group there is one camera, \"camera\", with source=auto." },
  { "redis", "The server that frames go to. Without a uri camwardend runs a private one." },
  { "store", "Where stored frames go; which ones is said per camera." },
  { "http", "The REST interface and the dashboard." },
  { "recovery", "When to try again, how hard, and when to stop trying." },
  { "thresholds", "When the machine's state is a warning, and when it is critical." },
  { "alerts", "Who is told." },
  { "history", "Measurements kept for the charts." },
  { "log", "What is logged." },
};

#define NO_LIMIT 0, 0, "", ""

/* group, name, type, default, min, max, words, unit, reload, doc, derived default, secret */
static const Key keys[] = {
  { "camera", "enabled", KeyType::Bool, "true", NO_LIMIT, Reload::Restart,
    "Whether the camera is used at all", "" },
  { "camera", "source", KeyType::Text, "auto", NO_LIMIT, Reload::Restart,
    "A gst-launch description of a source, or auto: the first V4L2 or libcamera device, else the "
    "test picture",
    "" },
  { "camera", "device", KeyType::Text, "", NO_LIMIT, Reload::Restart,
    "Which device source=auto takes: a path, better one from /dev/v4l/by-path, or libcamera's name",
    "the first one found" },
  { "camera", "width", KeyType::Integer, "1280", 0, 16384, "", "pixels", Reload::Restart,
    "Width of the frames; 0: what the source gives", "" },
  { "camera", "height", KeyType::Integer, "720", 0, 16384, "", "pixels", Reload::Restart,
    "Height of the frames; 0: what the source gives", "" },
  { "camera", "framerate", KeyType::Fraction, "30", 0, 1000, "", "frames per second",
    Reload::Restart, "Frames per second, such as 30, 15/2 or 29.97; 0: what the source gives", "" },
  { "camera", "encoder", KeyType::Text, "jpegenc", NO_LIMIT, Reload::Restart,
    "The element that makes JPEG from raw video, with its properties; not used when the source "
    "gives JPEG",
    "" },
  { "camera", "encode-when", KeyType::Choice, "", 0, 0, "always demand", "", Reload::Live,
    "Encode every frame, or only while somebody wants frames",
    "always with store=true and store-interval=0, else demand" },
  { "camera", "modes", KeyType::Flags, "pubsub", 0, 0, "pubsub sharded-pubsub stream key", "",
    Reload::Restart, "How frames go to Redis; several are possible", "" },
  { "camera", "channel", KeyType::Channel, "", NO_LIMIT, Reload::Restart,
    "Name of the Redis channel; stream and key are named after it", "cam:ID:frame" },
  { "camera", "request-channel", KeyType::Channel, "", NO_LIMIT, Reload::Restart,
    "Channel on which frames are asked for one by one; auto: cam:ID:request", "free-running" },
  { "camera", "location", KeyType::RedisLocation, "", NO_LIMIT, Reload::Restart,
    "Another server than the one of [redis], with or without a channel", "the server of [redis]",
    true },
  { "camera", "store", KeyType::Bool, "false", NO_LIMIT, Reload::Restart,
    "Whether frames are stored as files", "" },
  { "camera", "store-interval", KeyType::Duration, "1s", 0, day, "", "", Reload::Live,
    "Time between two stored frames; 0: every frame", "" },
  { "camera", "store-max-bytes", KeyType::Size, "2GiB", 0, 1024 * tib, "", "", Reload::Live,
    "The oldest frames go when all take more than this; 0: no limit", "" },
  { "camera", "store-max-age", KeyType::Duration, "7d", 0, 36500 * day, "", "", Reload::Live,
    "Frames older than this go; 0: no limit", "" },
  { "camera", "store-keep-free", KeyType::SizeOrShare, "10%", 0, 0.95, "", "", Reload::Live,
    "The oldest frames go when less than this of the file system is free: bytes or percent", "" },
  { "camera", "stall-timeout", KeyType::Duration, "0", 0, hour, "", "", Reload::Live,
    "No frame for this long is a stall; 0: ten frame intervals, at least 1 s", "" },
  { "camera", "startup-timeout", KeyType::Duration, "10s", 0.1, hour, "", "", Reload::Live,
    "The first frame may take this long", "" },
  { "camera", "frozen-after", KeyType::Duration, "3s", 0, day, "", "", Reload::Live,
    "The same picture for this long is frozen; 0: never", "" },
  { "camera", "dark-below", KeyType::Number, "32", 0, 255, "", "luma", Reload::Live,
    "A flat picture of a mean brightness below this is dark; 0: never", "" },
  { "camera", "bright-above", KeyType::Number, "225", 0, 255, "", "luma", Reload::Live,
    "A flat picture of a mean brightness above this is bright; 255: never", "" },
  { "camera", "blur-below", KeyType::Number, "8", 0, 100, "", "percent", Reload::Live,
    "A sharpness below this is blurred; 0: never", "" },

  { "redis", "uri", KeyType::RedisServer, "", NO_LIMIT, Reload::Restart,
    "redis://[USER@]HOST[:PORT][/DB], rediss:// for TLS, or redis+unix:///PATH[?db=DB]",
    "a private server run by camwardend", true },
  { "redis", "password-file", KeyType::Path, "", NO_LIMIT, Reload::Restart,
    "A file whose first line is the password", "no password" },
  { "redis", "ca-file", KeyType::Path, "", NO_LIMIT, Reload::Restart,
    "Certificates (PEM) that a TLS server's certificate is checked with", "the system's" },
  { "redis", "embedded-port", KeyType::Integer, "6390", 1, 65526, "", "", Reload::Restart,
    "Port of the private server; if it is busy, the next of ten", "" },
  { "redis", "embedded-listen", KeyType::Address, "", NO_LIMIT, Reload::Restart,
    "Address on which other hosts reach the private server, with the generated password",
    "this machine only" },
  { "redis", "embedded-max-memory", KeyType::Size, "128MiB", 16 * mib, 64 * gib, "", "",
    Reload::Restart, "Most memory of the private server, its readers' buffers included", "" },

  { "store", "location", KeyType::Path, "", NO_LIMIT, Reload::Restart,
    "Directory of stored frames; each camera has a folder in it", "STATE_DIRECTORY/frames" },

  { "http", "listen", KeyType::Addresses, "127.0.0.1:5000", NO_LIMIT, Reload::Restart,
    "ADDRESS:PORT, several between commas; empty: the Unix socket only. Other addresses than this "
    "machine's own need the token file",
    "" },
  { "http", "socket", KeyType::Path, "", NO_LIMIT, Reload::Restart,
    "The Unix socket that camwardenctl uses", "RUNTIME_DIRECTORY/http.sock" },
  { "http", "token-file", KeyType::Path, "", NO_LIMIT, Reload::Restart,
    "Lines of ROLE TOKEN, readable by the daemon alone", "/etc/camwarden/tokens" },
  { "http", "trust-loopback", KeyType::Bool, "true", NO_LIMIT, Reload::Live,
    "Whether this machine may read and control without a token", "" },
  { "http", "hosts", KeyType::Hosts, "", NO_LIMIT, Reload::Live,
    "Host names accepted besides localhost, the machine's own and IP addresses", "no others" },
  { "http", "max-connections", KeyType::Integer, "64", 4, 1024, "", "", Reload::Live,
    "Connections of the API, and as many again of streams", "" },
  { "http", "rate", KeyType::Number, "10", 0, 10000, "", "requests per second", Reload::Live,
    "Requests that another host may make, twice as many at once; 0: no limit", "" },

  { "recovery", "source-attempts", KeyType::Integer, "5", 0, 1000, "", "", Reload::Live,
    "Restarts of the source within source-window before the pipeline is rebuilt", "" },
  { "recovery", "source-window", KeyType::Duration, "60s", 1, day, "", "", Reload::Live,
    "Time over which restarts of the source are counted", "" },
  { "recovery", "source-deadline", KeyType::Duration, "5s", 0.1, 10 * minute, "", "", Reload::Live,
    "A restart of the source that takes longer has failed", "" },
  { "recovery", "pipeline-attempts", KeyType::Integer, "3", 0, 1000, "", "", Reload::Live,
    "Rebuilds of the pipeline within pipeline-window before the next tier", "" },
  { "recovery", "pipeline-window", KeyType::Duration, "5min", 1, day, "", "", Reload::Live,
    "Time over which rebuilds of the pipeline are counted", "" },
  { "recovery", "pipeline-deadline", KeyType::Duration, "10s", 0.1, 10 * minute, "", "",
    Reload::Live, "A rebuild of the pipeline that takes longer has failed", "" },
  { "recovery", "device-reset", KeyType::Bool, "false", NO_LIMIT, Reload::Live,
    "Whether a USB camera may be switched off and on at its port", "" },
  { "recovery", "device-attempts", KeyType::Integer, "2", 0, 1000, "", "", Reload::Live,
    "Resets of the device within device-window before the worker is replaced", "" },
  { "recovery", "device-window", KeyType::Duration, "1h", 1, day, "", "", Reload::Live,
    "Time over which resets of the device are counted", "" },
  { "recovery", "device-deadline", KeyType::Duration, "10s", 0.1, 10 * minute, "", "", Reload::Live,
    "A reset of the device that takes longer has failed", "" },
  { "recovery", "worker-attempts", KeyType::Integer, "3", 0, 1000, "", "", Reload::Live,
    "Replacements of the worker process within worker-window before the next tier", "" },
  { "recovery", "worker-window", KeyType::Duration, "1h", 1, day, "", "", Reload::Live,
    "Time over which replacements of the worker are counted", "" },
  { "recovery", "worker-drain", KeyType::Duration, "1500ms", 0, 10, "", "", Reload::Live,
    "Time a stopping worker has to store and publish what is queued", "" },
  { "recovery", "worker-deadline", KeyType::Duration, "20s", 1, 10 * minute, "", "", Reload::Live,
    "A worker that has not ended by then is killed", "" },
  { "recovery", "camera-backoff", KeyType::Duration, "250ms", 0.01, minute, "", "", Reload::Live,
    "Shortest wait between two attempts at a camera", "" },
  { "recovery", "camera-backoff-max", KeyType::Duration, "30s", 0.01, hour, "", "", Reload::Live,
    "Longest wait between two attempts at a camera", "" },
  { "recovery", "redis-backoff", KeyType::Duration, "50ms", 0.001, minute, "", "", Reload::Restart,
    "First wait between two attempts at Redis; the very first retry is immediate", "" },
  { "recovery", "redis-backoff-max", KeyType::Duration, "1500ms", 0.001, hour, "", "",
    Reload::Restart, "Longest wait between two attempts at Redis", "" },
  { "recovery", "storage-backoff", KeyType::Duration, "250ms", 0.001, hour, "", "", Reload::Live,
    "First wait between two attempts at a file system that refused; doubles with each", "" },
  { "recovery", "storage-backoff-max", KeyType::Duration, "60s", 0.001, hour, "", "", Reload::Live,
    "Longest of these waits, and the one after an I/O error; shorter ones hold for a full disk "
    "(1 s), a missing folder (5 s) and all else but I/O errors (30 s)",
    "" },
  { "recovery", "healthy-rate", KeyType::Share, "90%", 0, 1, "", "", Reload::Live,
    "Share of the wanted frames that must come in each healthy-bin", "" },
  { "recovery", "healthy-bin", KeyType::Duration, "5s", 0.5, hour, "", "", Reload::Live,
    "Time over which frames are counted", "" },
  { "recovery", "healthy-after", KeyType::Duration, "60s", 1, day, "", "", Reload::Live,
    "Healthy for this long: tiers and waits start from the beginning", "" },
  { "recovery", "weak-power-factor", KeyType::Number, "2", 1, 100, "", "", Reload::Live,
    "Stall timeouts are this much longer under low voltage or throttling", "" },
  { "recovery", "frozen-restart-after", KeyType::Duration, "10s", 1, day, "", "", Reload::Live,
    "Frozen for this long: the source is restarted", "" },
  { "recovery", "frozen-restart-interval", KeyType::Duration, "1h", 1, 365 * day, "", "",
    Reload::Live, "At most one restart for a frozen picture in this time", "" },
  { "recovery", "dark-after", KeyType::Duration, "10s", 0, day, "", "", Reload::Live,
    "Dark or bright for this long is an alert", "" },
  { "recovery", "dark-restart", KeyType::Bool, "false", NO_LIMIT, Reload::Live,
    "Whether a dark or bright picture restarts the source, once an hour at most", "" },
  { "recovery", "rate-low", KeyType::Share, "80%", 0, 1, "", "", Reload::Live,
    "A frame rate below this share of the wanted one is an alert", "" },
  { "recovery", "rate-high", KeyType::Share, "150%", 1, 100, "", "", Reload::Live,
    "A frame rate above this share of the wanted one is an alert", "" },
  { "recovery", "rate-restart-below", KeyType::Share, "50%", 0, 1, "", "", Reload::Live,
    "A frame rate below this share of the wanted one restarts the source once", "" },
  { "recovery", "rate-after", KeyType::Duration, "10s", 0.5, day, "", "", Reload::Live,
    "Time a wrong frame rate must last", "" },
  { "recovery", "allow-reboot", KeyType::Bool, "false", NO_LIMIT, Reload::Live,
    "Whether the machine may be rebooted for a wedged camera driver", "" },
  { "recovery", "reboot-min-uptime", KeyType::Duration, "10min", 0, day, "", "", Reload::Live,
    "No reboot before the machine has been up for this long", "" },
  { "recovery", "reboot-interval", KeyType::Duration, "6h", 60, 365 * day, "", "", Reload::Live,
    "Time between two reboots", "" },
  { "recovery", "reboots-per-day", KeyType::Integer, "2", 0, 24, "", "", Reload::Live,
    "Most reboots within 24 hours", "" },
  { "recovery", "degrade", KeyType::Bool, "true", NO_LIMIT, Reload::Live,
    "Whether less is done while the machine is too busy, too hot or out of memory, or a disk full",
    "" },
  { "recovery", "degrade-step-up", KeyType::Duration, "10s", 0.1, hour, "", "", Reload::Live,
    "Time between two steps of doing less under load", "" },
  { "recovery", "degrade-step-down", KeyType::Duration, "60s", 0.1, day, "", "", Reload::Live,
    "Time between two steps back to normal", "" },
  { "recovery", "degrade-quality", KeyType::Integer, "15", 0, 90, "", "", Reload::Live,
    "What the step of lower JPEG quality takes away", "" },
  { "recovery", "emergency-after", KeyType::Duration, "10s", 0, hour, "", "", Reload::Live,
    "Critical for this long is an emergency", "" },
  { "recovery", "emergency-memory-after", KeyType::Duration, "2s", 0, hour, "", "", Reload::Live,
    "Memory critical for this long is an emergency", "" },
  { "recovery", "emergency-leave-margin", KeyType::Number, "5", 0, 50, "", "points", Reload::Live,
    "An emergency ends when everything is this far below its warning", "" },
  { "recovery", "emergency-leave-after", KeyType::Duration, "60s", 0, day, "", "", Reload::Live,
    "It has to stay that far below for this long", "" },
  { "recovery", "emergency-min-dwell", KeyType::Duration, "2min", 0, day, "", "", Reload::Live,
    "An emergency lasts at least this long", "" },
  { "recovery", "emergency-per-hour", KeyType::Integer, "4", 1, 60, "", "", Reload::Live,
    "Emergencies in an hour, then it stays one", "" },
  { "recovery", "camera-failures-window", KeyType::Duration, "10min", 10, day, "", "", Reload::Live,
    "Time over which a camera's failures are counted", "" },
  { "recovery", "prune-keep-newest", KeyType::Duration, "60s", 0, day, "", "", Reload::Live,
    "Frames newer than this are never deleted to make room", "" },
  { "recovery", "prune-slice-files", KeyType::Integer, "200", 1, 100000, "", "", Reload::Live,
    "Most files deleted in one go", "" },
  { "recovery", "prune-slice-time", KeyType::Duration, "20ms", 0.001, 1, "", "", Reload::Live,
    "Most time spent on deleting in one go", "" },
  { "recovery", "prune-target", KeyType::Share, "80%", 0.05, 0.99, "", "", Reload::Live,
    "Deleting stops when the file system is this full", "" },
  { "recovery", "worker-recycle", KeyType::Bool, "false", NO_LIMIT, Reload::Live,
    "Whether a worker whose memory keeps growing is replaced at a quiet moment", "" },

  { "thresholds", "cpu", KeyType::LevelsShare, "85%;95%", 0, 1, "", "", Reload::Live,
    "Use of all processors together", "" },
  { "thresholds", "memory", KeyType::LevelsShare, "90%;95%", 0, 1, "", "", Reload::Live,
    "Memory that is not available", "" },
  { "thresholds", "disk", KeyType::LevelsShare, "90%;95%", 0, 1, "", "", Reload::Live,
    "Use of the file systems that hold frames and state", "" },
  { "thresholds", "temperature", KeyType::Levels, "70;80", -40, 150, "", "degrees Celsius",
    Reload::Live, "The hottest sensor of the processor", "" },
  { "thresholds", "camera-failures", KeyType::Levels, "5;10", 1, 100000, "", "failures",
    Reload::Live, "Failures of one camera within camera-failures-window", "" },
  { "thresholds", "redis-away", KeyType::LevelsTime, "10s;60s", 0, day, "", "", Reload::Live,
    "Time without Redis", "" },
  { "thresholds", "memory-growth", KeyType::Share, "5%", 0, 10, "", "an hour", Reload::Live,
    "Memory of one of our processes that grows faster for hours is a warning; 0: never", "" },
  { "thresholds", "memory-growth-after", KeyType::Duration, "2h", 10, 7 * day, "", "", Reload::Live,
    "How long memory has to grow before it is said; the last three times as long count", "" },
  { "thresholds", "disk-writes", KeyType::Size, "20GiB", 0, 1024 * tib, "", "a day", Reload::Live,
    "Bytes that all our processes together may write to disks before it is a warning, for the "
    "sake of SD cards; 0: any",
    "" },

  { "alerts", "webhook", KeyType::Url, "", NO_LIMIT, Reload::Live,
    "https:// address that each alert is posted to as JSON (http:// on this machine only)",
    "nobody", true },
  { "alerts", "webhook-token-file", KeyType::Path, "", NO_LIMIT, Reload::Live,
    "A file whose first line is sent as bearer token", "no token" },
  { "alerts", "webhook-template", KeyType::Text, "", NO_LIMIT, Reload::Live,
    "What is posted, with {names} for the values of the alert, such as {line}; docs/alerts.md has "
    "those for ntfy, Slack and mail gateways",
    "JSON with all that is known", true },
  { "alerts", "mqtt", KeyType::MqttServer, "", NO_LIMIT, Reload::Live,
    "mqtt://HOST[:PORT], or mqtts:// for TLS: the broker that alerts are published on", "nobody" },
  { "alerts", "mqtt-user", KeyType::Text, "", NO_LIMIT, Reload::Live, "User name at the broker",
    "no user name" },
  { "alerts", "mqtt-password-file", KeyType::Path, "", NO_LIMIT, Reload::Live,
    "A file whose first line is the password at the broker", "no password" },
  { "alerts", "mqtt-topic", KeyType::MqttTopic, "", NO_LIMIT, Reload::Live,
    "Where the topics begin", "camwarden/HOSTNAME" },
  { "alerts", "min-duration", KeyType::Duration, "10s", 0, day, "", "", Reload::Live,
    "What is over sooner is not told", "" },
  { "alerts", "min-interval", KeyType::Duration, "5min", 0, 30 * day, "", "", Reload::Live,
    "Time between two messages about the same thing", "" },

  { "history", "location", KeyType::Path, "", NO_LIMIT, Reload::Daemon, "The database file",
    "STATE_DIRECTORY/history.sqlite" },
  { "history", "raw-days", KeyType::Integer, "7", 0, 3650, "", "days", Reload::Live,
    "How long every measurement is kept", "" },
  { "history", "average-days", KeyType::Integer, "365", 0, 36500, "", "days", Reload::Live,
    "How long averages are kept", "" },

  { "log", "level", KeyType::Choice, "info", 0, 0, "error warning info debug", "", Reload::Live,
    "The least important messages that are logged", "" },
  { "log", "file", KeyType::Path, "", NO_LIMIT, Reload::Live,
    "The file to log to when there is no journal", "LOGS_DIRECTORY/camwarden.log" },
  { "log", "max-size", KeyType::Size, "10MiB", 64 * kib, 10 * gib, "", "", Reload::Live,
    "The file is rotated at this size", "" },
  { "log", "keep", KeyType::Integer, "5", 0, 1000, "", "files", Reload::Live,
    "Rotated files that are kept", "" },
};

#undef NO_LIMIT

std::span<const Group>
schema_groups ()
{
  return groups;
}

std::span<const Key>
schema_keys ()
{
  return keys;
}

std::string_view
group_family (std::string_view group)
{
  return group.starts_with ("camera:") ? group.substr (0, 6) : group;
}

const Key *
find_key (std::string_view group, std::string_view name)
{
  const std::string_view family = group_family (group);
  for (const Key &key : keys)
    if (family == key.group && name == key.name)
      return &key;
  return nullptr;
}

bool
is_camera_id (std::string_view id)
{
  return !id.empty () && id.size () <= 32
         && id.find_first_not_of ("abcdefghijklmnopqrstuvwxyz0123456789-")
                == std::string_view::npos;
}

const char *
type_name (KeyType type)
{
  switch (type) {
  case KeyType::Bool:
    return "true or false";
  case KeyType::Integer:
    return "whole number";
  case KeyType::Number:
    return "number";
  case KeyType::Duration:
    return "duration";
  case KeyType::Size:
    return "size";
  case KeyType::Share:
    return "percentage";
  case KeyType::SizeOrShare:
    return "size or percentage";
  case KeyType::Fraction:
    return "number or fraction";
  case KeyType::Levels:
    return "warning;critical";
  case KeyType::LevelsShare:
    return "warning;critical percentages";
  case KeyType::LevelsTime:
    return "warning;critical durations";
  case KeyType::Choice:
    return "one of";
  case KeyType::Flags:
    return "some of";
  case KeyType::Text:
    return "text";
  case KeyType::Path:
    return "absolute path";
  case KeyType::Channel:
    return "channel name";
  case KeyType::Address:
    return "IP address";
  case KeyType::Addresses:
    return "addresses with ports";
  case KeyType::Hosts:
    return "host names";
  case KeyType::RedisServer:
  case KeyType::RedisLocation:
    return "Redis URI";
  case KeyType::Url:
    return "URL";
  case KeyType::MqttServer:
    return "MQTT URI";
  case KeyType::MqttTopic:
    return "MQTT topic";
  }
  return "";
}

} // namespace camwarden
