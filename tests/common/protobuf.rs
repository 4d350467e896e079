//! A reader of remote write's messages, made of the specification and not of the sender: fields by
//! their numbers, and nothing unknown.

use serde_json::{Value as Json, json};

/// One field.
enum Field<'b> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'b [u8]),
}

/// Every field of a message, in order.
fn fields(mut bytes: &[u8]) -> Vec<(u64, Field<'_>)> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let field = match key & 7 {
            0 => Field::Varint(varint(&mut bytes)),
            1 => {
                let (head, rest) = bytes.split_at(8);
                bytes = rest;
                Field::Fixed64(u64::from_le_bytes(head.try_into().expect("eight bytes")))
            }
            2 => {
                let length = usize::try_from(varint(&mut bytes)).expect("a length");
                let (head, rest) = bytes.split_at(length);
                bytes = rest;
                Field::Bytes(head)
            }
            other => panic!("wire type {other}"),
        };
        out.push((key >> 3, field));
    }
    out
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut n = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first().expect("a varint");
        *bytes = rest;
        n |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return n;
        }
    }
    panic!("a varint without end")
}

/// A `WriteRequest`; what a receiver demands of it is checked.
pub fn write_request(bytes: &[u8]) -> Json {
    let series: Vec<Json> = fields(bytes)
        .into_iter()
        .map(|(number, field)| match (number, field) {
            (1, Field::Bytes(bytes)) => series(bytes),
            (other, _) => panic!("field {other} of a request"),
        })
        .collect();
    json!({"timeseries": series})
}

fn series(bytes: &[u8]) -> Json {
    let (mut labels, mut samples) = (Vec::new(), Vec::new());
    for (number, field) in fields(bytes) {
        match (number, field) {
            (1, Field::Bytes(bytes)) => labels.push(label(bytes)),
            (2, Field::Bytes(bytes)) => samples.push(sample(bytes)),
            (other, _) => panic!("field {other} of a series"),
        }
    }
    assert!(labels.windows(2).all(|pair| pair[0].0 < pair[1].0), "labels are sorted and there once: {labels:?}");
    assert!(labels.iter().any(|(name, _)| name == "__name__"), "a name: {labels:?}");
    assert!(labels.iter().all(|(_, value)| !value.is_empty()), "no empty values: {labels:?}");
    assert!(samples.windows(2).all(|pair| pair[0].1 < pair[1].1), "samples are in order: {samples:?}");
    let labels: serde_json::Map<String, Json> = labels.into_iter().map(|(name, value)| (name, value.into())).collect();
    let samples: Vec<Json> = samples.into_iter().map(|(value, timestamp)| json!({"value": value, "timestamp": timestamp})).collect();
    json!({"labels": labels, "samples": samples})
}

fn label(bytes: &[u8]) -> (String, String) {
    let (mut name, mut value) = (String::new(), String::new());
    for (number, field) in fields(bytes) {
        let Field::Bytes(bytes) = field else { panic!("a label of texts") };
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        match number {
            1 => name = text,
            2 => value = text,
            other => panic!("field {other} of a label"),
        }
    }
    (name, value)
}

fn sample(bytes: &[u8]) -> (f64, i64) {
    let (mut value, mut timestamp) = (0.0, 0);
    for (number, field) in fields(bytes) {
        match (number, field) {
            (1, Field::Fixed64(bits)) => value = f64::from_bits(bits),
            (2, Field::Varint(n)) => timestamp = n.cast_signed(),
            (other, _) => panic!("field {other} of a sample"),
        }
    }
    (value, timestamp)
}
