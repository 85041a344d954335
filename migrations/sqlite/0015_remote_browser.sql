-- Browsers on other machines than the device: what ties them to the person at the device, and what such a session is marked with.

-- Of two digits; null where the browser is on the device itself.
alter table device_web_attempts add column number integer;
-- When that number was typed at the device.
alter table device_web_attempts add column matched integer;
-- Where the code was typed.
alter table device_web_attempts add column asked_from text;

-- 'browser' or 'code': how the session came to its device.
alter table sessions add column device_confirmed_by text;
