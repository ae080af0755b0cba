// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/machinejson.h"

#include "daemon/httpapi/jsonwriter.h"

#include <cmath>

namespace camwarden
{

double
rounded (double number, double digits)
{
  return std::round (number * digits) / digits;
}

double
percent (double share)
{
  return rounded (share * 100, 10);
}

static void
write_processor (JsonWriter &json, const SystemSample &sample)
{
  const auto &cpu = sample.cpu;
  json.begin_object ("cpu")
      .add ("percent", cpu ? std::optional (percent (cpu->busy)) : std::nullopt)
      .add ("iowait_percent", cpu ? std::optional (percent (cpu->iowait)) : std::nullopt)
      .add ("cores", static_cast<uint64_t> (sample.cores.size ()));
  const auto &load = sample.load;
  json.add ("load1", load ? std::optional (load->one) : std::nullopt)
      .add ("load5", load ? std::optional (load->five) : std::nullopt)
      .add ("load15", load ? std::optional (load->fifteen) : std::nullopt)
      .end_object ();
}

static void
write_memory (JsonWriter &json, const std::optional<MemoryInfo> &memory)
{
  if (!memory) {
    json.add_null ("memory");
    return;
  }
  json.begin_object ("memory")
      .add ("percent", percent (memory->used ()))
      .add ("total", memory->total)
      .add ("available", memory->available)
      .add ("swap_total", memory->swap_total)
      .add ("swap_free", memory->swap_free)
      .end_object ();
}

static void
write_disks (JsonWriter &json, const std::vector<DiskSample> &disks)
{
  json.begin_array ("disks");
  for (const auto &disk : disks) {
    json.begin_object ()
        .add ("name", disk.name)
        .add ("path", disk.path)
        .add ("mount", disk.mount)
        .add ("type", disk.type)
        .add ("percent", disk.known ? std::optional (percent (disk.used ())) : std::nullopt)
        .add ("total", disk.total)
        .add ("available", disk.available)
        .add ("read_only", disk.read_only)
        .end_object ();
  }
  json.end_array ();
}

static void
write_links (JsonWriter &json, const std::vector<LinkSample> &links)
{
  json.begin_array ("links");
  for (const auto &link : links)
    json.begin_object ()
        .add ("name", link.counters.name)
        .add ("up", link.up)
        .add ("rx_bytes", link.counters.rx_bytes)
        .add ("tx_bytes", link.counters.tx_bytes)
        .end_object ();
  json.end_array ();
}

static void
write_power (JsonWriter &json, const SystemSample &sample)
{
  if (!sample.power_known) {
    json.add_null ("power");
    return;
  }
  json.begin_object ("power")
      .add ("under_voltage", sample.power_now.under_voltage)
      .add ("throttled", sample.power_now.throttled)
      .add ("under_voltage_since_boot", sample.power_since_boot.under_voltage)
      .add ("throttled_since_boot", sample.power_since_boot.throttled)
      .end_object ();
}

/* What a person reads: shares in percent, times in seconds. */
static double
shown (Quantity what, double value)
{
  switch (what) {
  case Quantity::Cpu:
  case Quantity::Memory:
  case Quantity::Disk:
    return percent (value);
  case Quantity::RedisAway:
    return rounded (value / 1e6, 10);
  case Quantity::Temperature:
  case Quantity::CameraFailures:
    break;
  }
  return rounded (value, 10);
}

void
write_thresholds (JsonWriter &json, const std::vector<ThresholdStatus> &thresholds)
{
  json.begin_array ("thresholds");
  for (const auto &threshold : thresholds)
    json.begin_object ()
        .add ("quantity", std::string (quantity_name (threshold.what)))
        .add_text ("instance", threshold.instance)
        .add ("level", std::string (threshold_level_name (threshold.level)))
        .add ("value", shown (threshold.what, threshold.value))
        .add ("warning", shown (threshold.what, threshold.warning))
        .add ("critical", shown (threshold.what, threshold.critical))
        .end_object ();
  json.end_array ();
}

static void
write_protection (JsonWriter &json, const MachineStatus &machine)
{
  json.begin_object ("degrade")
      .add ("step", machine.degrade_step)
      .add_text ("text", machine.degrade_text)
      .end_object ();
  json.begin_object ("emergency")
      .add ("active", machine.emergency)
      .add_time ("since", machine.emergency_since)
      .add_text ("cause", machine.emergency_cause)
      .end_object ();
  json.begin_object ("reboot")
      .add_text ("trouble", machine.reboot_trouble)
      .add_text ("reason", machine.reboot_reason)
      .end_object ();
}

void
write_machine (JsonWriter &json, const MachineStatus &machine)
{
  const SystemSample &sample = machine.sample;
  json.add ("known", sample.time != 0)
      .add_seconds ("measured", sample.time ? std::optional (sample.time) : std::nullopt);
  write_processor (json, sample);
  write_memory (json, sample.memory);
  write_disks (json, sample.disks);
  json.add ("temperature", sample.temperature)
      .add_text ("temperature_zone", sample.temperature_zone);
  write_power (json, sample);
  write_links (json, sample.links);
  json.add_text ("default_route", sample.default_route)
      .add_seconds ("uptime", sample.uptime)
      .add ("clock_synchronised", sample.clock_synchronised);
  write_thresholds (json, machine.thresholds);
  write_protection (json, machine);
}

} // namespace camwarden
