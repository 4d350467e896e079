//! Followed files, one happening at a time.

use super::testing::{Place, Reader, lines};
use super::*;
use crate::base::error_kind::ErrorKind;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;

#[test]
fn reading_begins_at_the_end_and_goes_on_from_there() {
    let mut place = Place::new();
    place.append("a.log", "old\nto");
    let mut reader = place.reader("a.log");
    assert!(reader.run(&place).is_empty());
    place.append("a.log", "rn\nnew\n");
    assert_eq!(reader.run(&place), ["new"]);
    assert!(reader.run(&place).is_empty());
    place.append("a.log", "x\r\ny");
    assert_eq!(reader.run(&place), ["x"]);
    let mut beginner = Reader { tail: Tail { from_beginning: true, start: None }, ..place.reader("a.log") };
    assert_eq!(beginner.run(&place), ["old", "torn", "new", "x"]);
}

#[test]
fn a_file_that_appears_later_is_read_from_its_beginning() {
    let mut place = Place::new();
    place.append("a.log", "old\n");
    let mut reader = place.reader("*.log");
    assert!(reader.run(&place).is_empty());
    place.append("b.log", "b1\n");
    place.append("a.log", "a1\n");
    assert_eq!(reader.named(&place), ["a.log: a1", "b.log: b1"]);
    fs::remove_file(place.path("a.log")).unwrap();
    place.append("c.log", "c1\n");
    assert_eq!(reader.named(&place), ["c.log: c1"]);
    assert_eq!(reader.warnings, Vec::<String>::new());
    let mut single = place.reader("d.log");
    assert!(single.run(&place).is_empty());
    place.append("d.log", "d1\n");
    assert_eq!(single.run(&place), ["d1"]);
}

#[test]
fn a_last_line_waits_for_its_end_or_for_five_seconds() {
    let mut place = Place::new();
    let mut reader = place.reader("a.log");
    reader.run(&place);
    place.append("a.log", "one\ntw");
    assert_eq!(reader.run(&place), ["one"]);
    place.clock += 4_999;
    assert!(reader.run(&place).is_empty());
    place.clock += 1;
    assert_eq!(reader.run(&place), ["tw"]);
    assert!(reader.run(&place).is_empty());
    // The end alone is no line of its own.
    place.append("a.log", "\nthree\n");
    assert_eq!(reader.run(&place), ["three"]);
}

#[test]
fn a_renamed_file_is_finished_before_the_new_one() {
    let mut place = Place::new();
    let mut reader = place.reader("a.log");
    reader.run(&place);
    place.append("a.log", "1\n");
    assert_eq!(reader.run(&place), ["1"]);
    place.append("a.log", "2\n3 without an end");
    place.rename("a.log", "elsewhere");
    assert_eq!(reader.run(&place), ["2"]);
    place.append("a.log", "4\n");
    assert_eq!(reader.named(&place), ["a.log: 3 without an end", "a.log: 4"]);
    // A program may go on writing to the old file for a while.
    place.append("elsewhere", "\nlate\n");
    place.append("a.log", "5\n");
    assert_eq!(reader.run(&place), ["late", "5"]);
    place.rename("elsewhere", "a.log.2");
    place.rename("a.log", "a.log.1");
    place.append("a.log.2", "later\n");
    place.append("a.log", "6\n");
    assert_eq!(reader.run(&place), ["later", "6"]);
}

#[test]
fn the_rest_of_a_truncated_file_is_in_its_copy() {
    let mut place = Place::new();
    let mut reader = place.reader("a.log");
    reader.run(&place);
    place.append("a.log", "1\n2\n");
    assert_eq!(reader.run(&place), ["1", "2"]);
    place.append("a.log", "3\n");
    place.copy_and_truncate("a.log", "a.log.1");
    // It grows past the old place before the next look.
    place.append("a.log", "4\n5\n6\n7\n");
    assert_eq!(reader.run(&place), ["3", "4", "5", "6", "7"]);
    assert!(reader.run(&place).is_empty());
    place.clock += 10;
    place.truncate("a.log");
    place.append("a.log", "8\n");
    assert_eq!(reader.run(&place), ["8"]);
    let told = format!("`{}` was replaced or truncated", place.path("a.log").display());
    assert!(reader.warnings[0].starts_with(&told) && reader.warnings[0].contains("after byte 8"), "{:?}", reader.warnings);
}

#[test]
fn a_look_between_copying_and_truncating_repeats_nothing() {
    for pattern in ["a.log", "a.log*"] {
        let mut place = Place::new();
        let mut reader = place.reader(pattern);
        reader.run(&place);
        place.append("a.log", "1\n2\n");
        assert_eq!(reader.run(&place), ["1", "2"]);
        place.clock += 10;
        fs::copy(place.path("a.log"), place.path("a.log.1")).unwrap();
        place.did("a.log.1");
        place.append("a.log", "3\n");
        assert_eq!(reader.run(&place), ["3"], "{pattern}");
        place.clock += 10;
        place.truncate("a.log");
        place.append("a.log", "4\n");
        assert_eq!(reader.run(&place), ["4"], "{pattern}");
    }
}

#[test]
fn the_rest_of_a_packed_file_is_unpacked() {
    let mut place = Place::new();
    let mut reader = place.reader("a.log");
    reader.run(&place);
    place.append("a.log", "1\n");
    assert_eq!(reader.run(&place), ["1"]);
    place.append("a.log", "2\n3");
    place.rename("a.log", "a.log.1");
    place.gzip("a.log.1");
    place.append("a.log", "4\n");
    assert_eq!(reader.run(&place), ["2", "3", "4"]);
    assert!(reader.run(&place).is_empty());
    place.rename("a.log.1.gz", "a.log.2.gz");
    place.rename("a.log", "a.log.1");
    place.append("a.log", "5\n");
    assert_eq!(reader.run(&place), ["5"]);
    // Packed after it was read: nothing new.
    place.gzip("a.log.1");
    assert!(reader.run(&place).is_empty());
}

#[test]
fn several_rotations_between_two_looks_are_read_in_order() {
    let mut place = Place::new();
    place.append("a.log.1", "ancient\n");
    place.append("a.log", "old\n");
    let mut reader = place.reader("a.log");
    reader.run(&place);
    place.append("a.log", "1\n");
    for line in ["2\n", "3\n", "4\n"] {
        place.clock += 10;
        for n in (1..9).rev().filter(|n| place.path(&format!("a.log.{n}")).exists()).collect::<Vec<_>>() {
            place.rename(&format!("a.log.{n}"), &format!("a.log.{}", n + 1));
        }
        place.rename("a.log", "a.log.1");
        place.append("a.log", line);
    }
    place.clock += 10;
    // Packing gives old files a new time.
    place.gzip("a.log.4");
    place.gzip("a.log.2");
    assert_eq!(reader.run(&place), ["1", "2", "3", "4"]);
}

#[test]
fn a_link_that_leads_elsewhere_is_a_rotation() {
    let mut place = Place::new();
    fs::create_dir(place.path("store")).unwrap();
    place.append("store/one", "1\n");
    std::os::unix::fs::symlink("store/one", place.path("a.log")).unwrap();
    let mut reader = place.reader("a.log");
    assert!(reader.run(&place).is_empty());
    place.append("store/one", "2\n");
    place.append("store/two", "3\n");
    fs::remove_file(place.path("a.log")).unwrap();
    std::os::unix::fs::symlink("store/two", place.path("a.log")).unwrap();
    assert_eq!(reader.run(&place), ["2", "3"]);
    assert!(reader.run(&place).is_empty());
}

#[test]
fn a_foreign_file_of_the_same_name_is_read_whole() {
    let mut place = Place::new();
    let mut reader = place.reader("a.log");
    reader.run(&place);
    place.append("a.log", "1\n");
    assert_eq!(reader.run(&place), ["1"]);
    fs::remove_file(place.path("a.log")).unwrap();
    place.append("a.log", "a\nb\n");
    assert_eq!(reader.run(&place), ["a", "b"]);
    // What was kept is damaged: everything once more, nothing passed over.
    let key = reader.request.key();
    reader.request.kept.insert(key, crate::base::value::Value::Int(3));
    assert_eq!(reader.run(&place), ["a", "b"]);
}

#[test]
fn a_missing_file_is_an_error_unless_it_is_optional_or_being_rotated() {
    let mut place = Place::new();
    let mut reader = place.reader("a.log");
    reader.request.optional = false;
    let missing = |reader: &mut Reader, place: &Place| reader.attempt(place).unwrap_err().kind;
    assert_eq!(missing(&mut reader, &place), ErrorKind::NotFound);
    place.append("a.log", "1\n");
    reader.run(&place);
    place.append("a.log", "2\n");
    place.rename("a.log", "a.log.1");
    assert_eq!(reader.run(&place), ["2"]);
    assert!(reader.run(&place).is_empty());
    place.clock += 5_001;
    assert_eq!(missing(&mut reader, &place), ErrorKind::NotFound);
    place.append("a.log", "3\n");
    assert_eq!(reader.run(&place), ["3"]);
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_the_others_are_read() {
    let mut place = Place::new();
    let mut reader = place.reader("*.log");
    reader.run(&place);
    std::os::unix::net::UnixListener::bind(place.path("a.log")).unwrap();
    place.append("b.log", "1\n");
    assert_eq!(reader.run(&place), ["1"]);
    assert_eq!(reader.warnings, [format!("`{}` is a socket, not a file", place.path("a.log").display())]);
    let mut alone = place.reader("a.log");
    assert!(alone.attempt(&place).is_err());
    fs::set_permissions(place.path("b.log"), fs::Permissions::from_mode(0o0)).unwrap();
    if File::open(place.path("b.log")).is_err() {
        assert_eq!(place.reader("b.log").attempt(&place).unwrap_err().kind, ErrorKind::Permission);
    }
}

#[test]
fn long_lines_are_cut_and_holes_are_passed_over() {
    let mut place = Place::new();
    let mut reader = place.reader("a.log");
    reader.run(&place);
    place.append("a.log", "first\n");
    place.append("a.log", vec![b'x'; 5 << 20]);
    place.append("a.log", "\nlast\n");
    let found = reader.run(&place);
    assert_eq!(found.iter().map(String::len).collect::<Vec<_>>(), [5, 1 << 20, 4]);
    assert!(reader.warnings.len() == 1 && reader.warnings[0].ends_with("has a line longer than 1 MiB: its rest is not read"));
    place.truncate("a.log");
    let file = File::options().write(true).open(place.path("a.log")).unwrap();
    file.set_len(80 << 20).unwrap();
    place.append("a.log", "after\n\0few\n");
    assert_eq!(reader.run(&place), ["after", "\0few"]);
    assert!(reader.warnings.iter().any(|warning| warning.contains("NUL bytes in")), "{:?}", reader.warnings);
    file.set_len(81 << 20).unwrap();
    place.clock += 10_000;
    place.append("a.log", "");
    assert!(reader.run(&place).is_empty());
}

#[test]
fn one_run_takes_no_more_than_allowed_and_every_file_has_its_turn() {
    let mut place = Place::new();
    let mut reader = place.reader("*.log");
    reader.run(&place);
    for name in ["a.log", "b.log"] {
        place.append(name, format!("{name}\n").repeat(20));
    }
    reader.request.max_bytes = 60;
    let found: Vec<usize> = (0..5).map(|_| reader.run(&place).len()).collect();
    assert_eq!(found, [10, 10, 10, 10, 0]);
    let large = "x\n".repeat(6 << 20);
    for name in ["a.log", "b.log"] {
        place.append(name, &large);
    }
    reader.request.max_bytes = 64 << 20;
    let answers = reader.answers(&place);
    assert_eq!(answers.iter().map(|answer| answer.body.len()).sum::<usize>(), 24 << 20);
    assert!(answers.iter().all(|answer| answer.body.len() <= limits::TAIL_CHUNK));
    reader.request.max_bytes = 3 << 20;
    place.append("a.log", &large);
    assert_eq!(reader.run(&place).len(), 3 << 19);
    assert_eq!(reader.warnings, ["more than 3 MiB are unread (max_bytes): the rest follows in the next run"]);
}

#[test]
fn records_of_several_lines_are_told_by_their_ends() {
    let mut place = Place::new();
    let mut reader = Reader { tail: Tail { from_beginning: false, start: Some(Regex::new(r"^\d").unwrap()) }, ..place.reader("a.log") };
    reader.run(&place);
    let records = |answers: Vec<Answer>| {
        let mut out = Vec::new();
        for answer in answers {
            let mut from = 0;
            for end in answer.records {
                out.push(String::from_utf8_lossy(&answer.body[from..end]).into_owned());
                from = end;
            }
            assert_eq!(from, answer.body.len());
        }
        out
    };
    place.append("a.log", "1 é\n  at a\n2 b\n");
    assert_eq!(records(reader.answers(&place)), ["1 é\n  at a\n"]);
    place.append("a.log", "  at b\n");
    assert!(records(reader.answers(&place)).is_empty());
    place.clock += 5_000;
    assert_eq!(records(reader.answers(&place)), ["2 b\n  at b\n"]);
    place.append("a.log", "3 c\n");
    place.rename("a.log", "a.log.1");
    place.append("a.log", "4 d\n");
    assert_eq!(records(reader.answers(&place)), ["3 c\n"]);
}

#[test]
fn utf_16_and_other_encodings_become_utf_8() {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let start = Regex::new("^é").unwrap();
    for (label, marked) in [(Some("utf-16le"), false), (Some("utf-16le"), true), (None, true)] {
        let mut place = Place::new();
        let mut reader = place.reader("a.log");
        reader.request.encoding = label.map(str::to_owned);
        reader.tail.start = Some(start.clone());
        reader.run(&place);
        if marked {
            place.append("a.log", b"\xff\xfe");
        }
        place.append("a.log", wide("é1\n ਊ\né2\n"));
        let answers = reader.answers(&place);
        assert_eq!((lines(&answers), &answers[0].records[..]), (vec!["é1".to_owned(), " ਊ".to_owned()], &[9][..]));
        let torn = wide("é3\n");
        place.append("a.log", &torn[..3]);
        assert_eq!(lines(&reader.answers(&place)), Vec::<String>::new());
        place.append("a.log", &torn[3..]);
        assert_eq!(lines(&reader.answers(&place)), ["é2"]);
    }
    let mut place = Place::new();
    place.append("a.log", "old\n");
    let mut reader = place.reader("a.log");
    reader.request.encoding = Some("latin1".to_owned());
    reader.run(&place);
    place.append("a.log", b"\xff\xfe caf\xe9\n");
    assert_eq!(reader.run(&place), ["ÿþ café"]);
}

#[test]
fn a_look_takes_so_many_records_of_all_files_together() {
    let mut place = Place::new();
    let mut reader = place.reader("*.log");
    reader.run(&place);
    place.append("a.log", "a1\na2\n");
    place.append("b.log", "b1\nb2\n");
    place.append("b.log.1", "older\n");
    place.gzip("b.log.1");
    reader.request.most_records = 3;
    let first = look(&FileRequest { rounds: 0, ..reader.request.clone() }, &reader.tail, place.now()).unwrap();
    assert_eq!(lines(&first).len(), 3);
    assert!(first.last().unwrap().more);
    let mut all = reader.run(&place);
    all.sort();
    assert_eq!(all, ["a1", "a2", "b1", "b2", "older"]);
    assert!(reader.run(&place).is_empty());
}

#[test]
fn the_inode_of_an_empty_file_may_be_that_of_a_copy() {
    let mut place = Place::new();
    place.append("a.log", "");
    let mut reader = place.reader("a.log*");
    reader.run(&place);
    place.rename("a.log", "a.log.1");
    place.append("a.log", "1\n");
    assert_eq!(reader.run(&place), ["1"]);
    // The old file, which was empty, makes room; the same inode is the copy of the new one.
    place.append("a.log.1", "1\n");
    place.truncate("a.log");
    place.append("a.log", "two\n");
    assert_eq!(reader.run(&place), ["two"]);
}

#[test]
fn a_log_that_is_being_packed_is_not_read_twice() {
    let mut place = Place::new();
    let mut reader = place.reader("a.log");
    reader.run(&place);
    let old: String = (0..3000).map(|n| format!("{n} {}\n", n * 7919 % 1000)).collect();
    place.append("a.log", &old);
    assert_eq!(reader.run(&place).len(), 3000);
    place.rename("a.log", "a.log.1");
    place.clock += 10;
    place.append("a.log", "new\n");
    assert_eq!(reader.run(&place), ["new"]);
    // Half of the packed file is written, under the usual name and under another one.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, old.as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    for name in ["a.log.1.gz", "a.log-20270115.gz"] {
        place.clock += 10;
        fs::write(place.path(name), &packed[..packed.len() / 2]).unwrap();
        place.did(name);
        place.rename("a.log", "a.log.0");
        place.append("a.log", "more\n");
        assert_eq!(reader.run(&place), ["more"], "{name}");
        fs::write(place.path(name), &packed).unwrap();
        place.did(name);
        assert!(reader.run(&place).is_empty(), "{name}");
        place.rename("a.log.0", "other");
        fs::remove_file(place.path(name)).unwrap();
    }
}

#[test]
fn the_inode_of_an_empty_file_may_be_that_of_a_packed_one() {
    let mut place = Place::new();
    place.append("a.log", "");
    let mut reader = place.reader("a.log*");
    reader.run(&place);
    place.rename("a.log", "a.log.3");
    place.append("a.log", "1\n");
    place.rename("a.log", "a.log.2");
    place.clock += 10;
    place.append("a.log", "");
    assert_eq!(reader.run(&place), ["1"]);
    // Packed into what was the empty file.
    place.clock += 10;
    place.gzip("a.log.2");
    fs::write(place.path("a.log.3"), fs::read(place.path("a.log.2.gz")).unwrap()).unwrap();
    place.did("a.log.3");
    place.rename("a.log.3", "a.log.2.gz");
    place.append("a.log", "2\n");
    assert_eq!(reader.run(&place), ["2"]);
}

#[test]
fn a_long_packed_file_is_unpacked_once_in_a_run() {
    let mut place = Place::new();
    let mut reader = place.reader("a.log");
    place.append("a.log", "");
    reader.run(&place);
    let line = |n: usize| format!("{n} {}", "x".repeat(n % 300));
    let text: String = (0..12_000).map(|n| line(n) + "\n").collect();
    place.append("a.log", &text);
    place.rename("a.log", "a.log.1");
    place.gzip("a.log.1");
    place.append("a.log", "last\n");
    let first = look(&reader.request, &reader.tail, place.now()).unwrap();
    let mut second = reader.request.clone();
    assert!(second.continue_with(&first));
    let kept = memory::Memory::read(second.kept.get(&second.key()).unwrap());
    let begun = kept.files.iter().find(|file| file.spot.offset > 0).unwrap();
    assert_eq!(second.ahead.file_at(&begun.spot), Some(begun.node));
    assert_eq!(second.ahead.file_at(&Spot::beginning()), None);
    reader.request.most_records = 1_000;
    let all = reader.run(&place);
    assert_eq!(all.len(), 12_001);
    assert!(all.iter().take(12_000).enumerate().all(|(n, found)| *found == line(n)));
    // A run that forgets the decoder goes on at the same place.
    reader.request.kept = second.kept;
    assert_eq!(reader.run(&place), all[lines(&first).len()..]);
}

#[test]
fn a_copy_of_a_file_that_was_empty_before_is_not_read_besides_it() {
    let mut place = Place::new();
    place.append("a.log", "");
    let mut reader = place.reader("a.log");
    reader.run(&place);
    place.clock += 10;
    place.append("a.log", "1\n2\n");
    // Half of a copy, then all of it.
    place.append("a.log.1", "1\n");
    let (seen, _) = reader.attempt(&place).unwrap();
    assert_eq!(lines(&seen), ["1", "2"]);
    place.append("a.log.1", "2\n");
    assert_eq!(reader.run(&place), ["1", "2"]);
    place.clock += 10;
    place.truncate("a.log");
    place.append("a.log", "three\n");
    assert_eq!(reader.run(&place), ["three"]);
}
