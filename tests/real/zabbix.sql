-- The first trigger of the host that a new installation has, in the state of a problem, with the event
-- and the problem that the server writes then.
SET @trigger = (SELECT MIN(t.triggerid) FROM triggers t JOIN functions f USING (triggerid) JOIN items i USING (itemid)
                JOIN hosts h USING (hostid) WHERE h.status = 0 AND t.flags IN (0, 4));
SET @name = (SELECT description FROM triggers WHERE triggerid = @trigger);
UPDATE triggers SET value = 1, lastchange = UNIX_TIMESTAMP(), status = 0 WHERE triggerid = @trigger;
INSERT INTO events (eventid, source, object, objectid, clock, value, name, severity)
  VALUES (1, 0, 0, @trigger, UNIX_TIMESTAMP(), 1, @name, 4);
INSERT INTO problem (eventid, source, object, objectid, clock, name, severity)
  VALUES (1, 0, 0, @trigger, UNIX_TIMESTAMP(), @name, 4);
