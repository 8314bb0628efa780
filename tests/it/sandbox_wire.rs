//! What a sandbox broker does with clients that send nonsense, and with batches not yet replicated.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use rdkafka::producer::{BaseRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;
use strait::sandbox::{ClusterSpec, TopicSpec};

use crate::sandbox_kit::{LONG, producer, read_all, start, write};

/// Sends bytes and reads until the broker closes; panics if it does not.
fn answer_to(address: std::net::SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // A reset is a close, too.
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// Frames a request's header (key, version, correlation 7, no client id) and body.
fn framed(key: i16, version: i16, body: &[u8]) -> Vec<u8> {
    let mut request =
        [&key.to_be_bytes()[..], &version.to_be_bytes(), &7_i32.to_be_bytes(), &[0xff, 0xff]].concat();
    request.extend_from_slice(body);
    [&u32::try_from(request.len()).unwrap().to_be_bytes()[..], &request].concat()
}

#[test]
fn nonsense_closes_its_own_connection_and_nothing_else() {
    let cluster = start(ClusterSpec::new(1).topic(TopicSpec::new("orders", 1)));
    let address = cluster.addresses()[0];
    let nonsense: [&[u8]; 9] = [
        b"GET / HTTP/1.1\r\n\r\n",
        &[0xff; 64],
        &[0, 0, 0, 2, 1, 2],
        &framed(999, 0, &[]),
        // Metadata in a version that there is not, and in one that there is with half a body.
        &framed(3, 99, &[]),
        &framed(3, 4, &[0, 0, 0, 3, 0]),
        // Produce whose array claims more than the frame holds.
        &framed(0, 3, &[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 9]),
        // DeleteTopics of two thousand million topics, in each encoding.
        &framed(20, 1, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]),
        &framed(20, 5, &[0, 0xff, 0xff, 0xff, 0xff, 0x07, 0, 0, 0, 0, 0]),
    ];
    for bytes in nonsense {
        assert_eq!(answer_to(address, bytes), [0; 0], "{bytes:?}");
    }
    write(&producer(&cluster, &[]), "orders", 1, 0..10);
    assert_eq!(read_all(&cluster, "orders", 1, &[])[&0].len(), 10);
}

#[test]
fn a_record_is_acknowledged_when_all_replicas_have_it_and_not_before() {
    let cluster = start(ClusterSpec::new(3).topic(TopicSpec::new("orders", 1)));
    let patient = producer(&cluster, &[("acks", "all"), ("linger.ms", "0")]);
    write(&patient, "orders", 1, 0..10);
    cluster.hold_high_watermark("orders", 0, Some(10)).unwrap();
    let leader_only = producer(&cluster, &[("acks", "1"), ("linger.ms", "0")]);
    write(&leader_only, "orders", 1, 10..20);
    patient.send(BaseRecord::<str, str>::to("orders").payload("last")).map_err(|(error, _)| error).unwrap();
    let early = patient.flush(Duration::from_millis(300)).unwrap_err();
    assert_eq!(early.rdkafka_error_code(), Some(RDKafkaErrorCode::OperationTimedOut));
    let offsets = cluster.offsets("orders", 0).unwrap();
    assert_eq!(offsets.high_watermark, 10);
    assert_eq!(read_all(&cluster, "orders", 1, &[])[&0].len(), 10, "what is not replicated is not read");
    cluster.hold_high_watermark("orders", 0, None).unwrap();
    patient.flush(LONG).unwrap();
    assert_eq!(read_all(&cluster, "orders", 1, &[])[&0].len(), 21);
}

#[test]
fn a_partition_with_too_few_replicas_in_step_takes_nothing_with_acks_all() {
    let topic = TopicSpec::new("orders", 1).replication_factor(3).config("min.insync.replicas", "2");
    let cluster = start(ClusterSpec::new(3).topic(topic));
    cluster.set_in_sync("orders", 0, &[1]).unwrap();
    let settings = [("acks", "all"), ("message.timeout.ms", "1000"), ("linger.ms", "0")];
    let writer = producer(&cluster, &settings);
    writer.send(BaseRecord::<str, str>::to("orders").payload("x")).map_err(|(error, _)| error).unwrap();
    writer.flush(LONG).unwrap();
    assert_eq!(cluster.offsets("orders", 0).unwrap().log_end, 0);
    cluster.set_in_sync("orders", 0, &[1, 2]).unwrap();
    write(&writer, "orders", 1, 0..10);
    assert_eq!(cluster.offsets("orders", 0).unwrap().log_end, 10);
}
