//! The brokers of a sandbox cluster and which of them are up.

/// Holds one broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Its id, from 1.
    pub id: i32,
    /// Where clients reach it.
    pub host: String,
    /// The port it listens on; kept when it comes back up.
    pub port: u16,
    /// Whether it answers.
    pub is_up: bool,
}

/// Holds a cluster's brokers, by id.
#[derive(Clone, Debug)]
pub struct Brokers {
    all: Vec<Broker>,
}

impl Brokers {
    /// Takes the brokers in the order of their ids.
    pub fn new(all: Vec<Broker>) -> Self {
        Self { all }
    }

    /// Lists all brokers.
    pub fn all(&self) -> &[Broker] {
        &self.all
    }

    /// Lists the brokers that are up.
    pub fn up(&self) -> impl Iterator<Item = &Broker> {
        self.all.iter().filter(|broker| broker.is_up)
    }

    /// Returns one broker.
    pub fn get(&self, id: i32) -> Option<&Broker> {
        self.all.iter().find(|broker| broker.id == id)
    }

    /// Says whether a broker is there and up.
    pub fn is_up(&self, id: i32) -> bool {
        self.get(id).is_some_and(|broker| broker.is_up)
    }

    /// Marks a broker as up or down; says whether that changed anything.
    pub fn set_up(&mut self, id: i32, is_up: bool) -> bool {
        match self.all.iter_mut().find(|broker| broker.id == id) {
            Some(broker) if broker.is_up != is_up => {
                broker.is_up = is_up;
                true
            }
            _ => false,
        }
    }

    /// Returns the controller: the first broker that is up.
    pub fn controller(&self) -> Option<i32> {
        self.up().next().map(|broker| broker.id)
    }
}
