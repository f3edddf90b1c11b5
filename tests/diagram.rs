//! The picture of the system: every part has a place of its own, whatever the document.

use kneepoint::engine::{Distribution, SimDuration};
use kneepoint::model::system::{
    Arrivals, Call, Clients, Database, Endpoint, Lock, Machine, Part, Pool, Queue, Runtime,
    Service, Step, System,
};
use kneepoint::scenario::{Scenario, Settings, catalogue};
use kneepoint::session::diagram::{CARD_HEIGHT, Facts, Graph, Layout, WIDTH, per_dot};
use proptest::prelude::*;

fn call(service: usize) -> Call {
    Call::new(&format!("service-{service}"), "work")
}

/// As many clients, services, pools, databases, locks and machines, and who uses whom: numbers
/// taken modulo what there is.
fn system(counts: [usize; 6], uses: &[(usize, usize)]) -> System {
    let [clients, services, pools, databases, locks, machines] = counts;
    let mut parts = Vec::new();
    let queue = Queue::default;
    for index in 0..clients {
        let id = format!("clients-{index}");
        let arrivals = Arrivals::Open { gap: Distribution::Exponential { mean: 1.0 } };
        parts.push(Part::Clients(Clients::new(&id, arrivals, call(index % services))));
    }
    for index in 0..services {
        let steps = uses.iter().filter(|(from, _)| from % services == index).map(|(_, to)| {
            let via = |kind: &str, count: usize| format!("{kind}-{}", to / 5 % count.max(1));
            let query = |via| Step::Query { via, work: Distribution::Constant(1e-3) };
            match to % 5 {
                0 if pools > 0 => query(via("pool", pools)),
                1 if databases > 0 => query(via("database", databases)),
                2 if locks > 0 => Step::Lock { lock: via("lock", locks), steps: Vec::new() },
                _ => Step::Call(call(to / 5 % services)),
            }
        });
        let endpoint =
            Endpoint { name: "work".to_owned(), steps: steps.collect(), ..Endpoint::default() };
        let on = (machines > 0 && index % 2 == 0)
            .then(|| format!("machine-{}", index % machines.max(1)));
        parts.push(Part::Service(Service {
            queue: queue(),
            runtime: Runtime { on, ..Runtime::default() },
            ..Service::new(&format!("service-{index}"), 1, vec![endpoint])
        }));
    }
    for index in 0..pools {
        let database = format!("database-{}", index % databases.max(1));
        let id = format!("pool-{index}");
        parts.push(Part::Pool(Pool { queue: queue(), ..Pool::new(&id, &database, 1) }));
    }
    for index in 0..databases {
        let id = format!("database-{index}");
        parts.push(Part::Database(Database::new(&id, 1, Distribution::Constant(0.0))));
    }
    for index in 0..locks {
        parts.push(Part::Lock(Lock { id: format!("lock-{index}"), capacity: 1, queue: queue() }));
    }
    for index in 0..machines {
        let restart = SimDuration::ZERO;
        let id = format!("machine-{index}");
        parts.push(Part::Machine(Machine { id, cores_count: 1, memory_bytes: None, restart }));
    }
    parts.into()
}

/// No card touches another or the edge, and links that pass a row pass beside its cards.
fn assert_clear(graph: &Graph, layout: &Layout) {
    for (index, card) in layout.cards.iter().enumerate() {
        assert!(card.x >= -1e-9 && card.x + card.width <= WIDTH + 1e-9, "{card:?}");
        assert!(card.y >= 0.0 && card.y + CARD_HEIGHT <= layout.height + 1e-9, "{card:?}");
        assert!(card.width >= 80.0, "{card:?}");
        for other in &layout.cards[..index] {
            let apart_x =
                card.x + card.width + 1.0 <= other.x || other.x + other.width + 1.0 <= card.x;
            let apart_y =
                card.y + CARD_HEIGHT + 1.0 <= other.y || other.y + CARD_HEIGHT + 1.0 <= card.y;
            assert!(apart_x || apart_y, "{card:?} {other:?}");
        }
    }
    for (link, wire) in graph.links.iter().zip(&layout.wires) {
        let passes = wire.points.len().saturating_sub(3);
        for &(x, y) in wire.points.iter().skip(1).take(passes) {
            for card in &layout.cards {
                let beside = x < card.x || x > card.x + card.width;
                let above = y < card.y - 1e-9 || y > card.y + CARD_HEIGHT + 1e-9;
                assert!(beside || above, "{link:?} crosses {card:?} at {x}, {y}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn parts_never_overlap_whatever_uses_whom(
        counts in [1..5_usize, 1..20_usize, 0..12_usize, 0..12_usize, 0..10_usize, 0..6_usize],
        uses in proptest::collection::vec((0..100_usize, 0..500_usize), 0..80),
    ) {
        let system = system(counts, &uses);
        let graph = Graph::new(&system);
        prop_assert_eq!(graph.nodes.len(), counts.iter().sum::<usize>());
        let layout = Layout::new(&graph);
        assert_clear(&graph, &layout);
        prop_assert_eq!(&Layout::new(&graph), &layout);
    }
}

#[test]
fn links_lead_down_from_clients_to_leaves() {
    let scenario = catalogue::find("n-plus-one").unwrap();
    let graph = Graph::new(&scenario.system(&Settings::default()).unwrap());
    let ids: Vec<&str> = graph.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids, ["users", "app", "pool", "db"]);
    let layout = Layout::new(&graph);
    for pair in layout.cards.windows(2) {
        assert!(pair[0].y + CARD_HEIGHT < pair[1].y);
    }
    assert_eq!(graph.links.len(), 3);
    assert!(layout.wires.iter().all(|wire| wire.path(false).starts_with('M')));
}

#[test]
fn every_kind_of_part_has_a_card_with_what_was_measured() {
    let scenario = Scenario::parse(include_str!("data/everything.json")).unwrap();
    let settings = Settings::default();
    let graph = Graph::new(&scenario.system(&settings).unwrap());
    assert_clear(&graph, &Layout::new(&graph));
    let report = kneepoint::analysis::run::run(&scenario, &settings).unwrap();
    let facts = Facts::all(&graph, &report);
    for (node, facts) in graph.nodes.iter().zip(&facts) {
        assert!(!node.size.is_empty(), "{}", node.id);
        assert!(!facts.measures.is_empty(), "{}: {facts:?}", node.id);
        if let Some(part) = report.parts.get(&node.id) {
            assert!((facts.share.unwrap() - part.utilisation.min(1.0)).abs() < 1e-9);
        }
    }
    let most = facts.iter().filter_map(|facts| facts.per_s).fold(0.0, f64::max);
    assert!(most / per_dot(&facts) <= 5.0, "dots that can be told apart");
}

#[test]
fn losses_stand_where_they_happen_with_their_reason() {
    let scenario = catalogue::find("n-plus-one").unwrap();
    let settings = Settings {
        knobs: [("users".to_owned(), 4000.0), ("posts".to_owned(), 500.0)].into(),
        ..Settings::default()
    };
    let graph = Graph::new(&scenario.system(&settings).unwrap());
    let report = kneepoint::analysis::run::run(&scenario, &settings).unwrap();
    let facts = Facts::all(&graph, &report);
    let lost = |id: &str| {
        let index = graph.nodes.iter().position(|node| node.id == id).unwrap();
        facts[index].lost.join(", ")
    };
    assert!(report.outcomes.rejected > 0);
    assert!(lost("users").contains("rejected"), "{}", lost("users"));
    assert!(lost("app").contains("refused"), "{}", lost("app"));
    assert_eq!(lost("db"), "");
}
