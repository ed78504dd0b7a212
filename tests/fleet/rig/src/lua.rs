//! The script in an interpreter of the Lua that Redis has, with a Redis in memory whose time is set by hand.

use std::cell::RefCell;
use std::rc::Rc;

use mlua::{Function, Lua, LuaOptions, MultiValue, StdLib, Table, Value};

use crate::store::Answer;
use crate::{Hash, Redis, Reply, Store, script};

/// A Redis that knows nothing but the script.
///
/// ```
/// use rig::{Caller, FakeRedis, Op, Redis};
///
/// let mut redis = FakeRedis::new();
/// redis.set_time_us(1_000_000);
/// Caller::default().ask(&mut redis, b"name", Op::failure("a.1")).unwrap();
/// assert_eq!(redis.published(), ["1|0|closed|0|1|0|||name"]);
/// assert_eq!(redis.hash(b"name")[&b"failures"[..]], b"1");
/// redis.wipe();
/// assert!(redis.hash(b"name").is_empty());
/// ```
pub struct FakeRedis {
    lua: Lua,
    script: Function,
    store: Rc<RefCell<Store>>,
}

impl FakeRedis {
    /// An empty one at time 0.
    ///
    /// # Panics
    ///
    /// If the script does not compile.
    #[must_use]
    pub fn new() -> Self {
        Self::with_script(script::SCRIPT)
    }

    /// The same with another text, for instance one with a mistake.
    ///
    /// # Panics
    ///
    /// If it does not compile.
    #[must_use]
    pub fn with_script(text: &str) -> Self {
        let store = Rc::<RefCell<Store>>::default();
        let lua = prepare(&store).expect("an interpreter");
        let script = lua.load(text).set_name("=breaker.lua").into_function().expect("a script that compiles");
        Self { lua, script, store }
    }

    /// Sets the server's clock; it may go back.
    pub fn set_time_us(&mut self, us: u64) {
        self.store.borrow_mut().time_us = us;
    }

    /// Lets time pass.
    pub fn advance_ms(&mut self, ms: u64) {
        self.store.borrow_mut().time_us += ms * 1_000;
    }

    /// What was published since this was last asked, whatever the channel.
    pub fn published(&mut self) -> Vec<String> {
        let published = self.store.borrow_mut().take_published();
        published.into_iter().map(|(_, message)| String::from_utf8_lossy(&message).into_owned()).collect()
    }

    /// Loses everything.
    pub fn wipe(&mut self) {
        self.store.borrow_mut().wipe();
    }

    /// What is stored, to be looked at, changed, kept or replaced.
    pub fn store(&mut self) -> std::cell::RefMut<'_, Store> {
        self.store.borrow_mut()
    }
}

impl Default for FakeRedis {
    fn default() -> Self {
        Self::new()
    }
}

impl Redis for FakeRedis {
    fn eval(&mut self, key: &[u8], args: &[Vec<u8>]) -> Result<Reply, String> {
        let reply = self.run(key, args).map_err(|error| error.to_string())?;
        match reply {
            Value::Table(table) => match table.raw_get::<Option<mlua::String>>("err") {
                Ok(Some(error)) => Err(error.to_string_lossy()),
                _ => Reply::from_words(table.sequence_values().map(|value| word(value.expect("no holes"))).collect()),
            },
            other => Err(format!("not an answer: {other:?}")),
        }
    }

    fn hash(&mut self, key: &[u8]) -> Hash {
        self.store.borrow().hash(key)
    }

    fn hset(&mut self, key: &[u8], field: &[u8], value: &[u8]) {
        self.store.borrow_mut().hset(key, field, value);
    }

    fn hdel(&mut self, key: &[u8], field: &[u8]) {
        self.store.borrow_mut().hdel(key, field);
    }

    fn del(&mut self, key: &[u8]) {
        self.store.borrow_mut().del(key);
    }

    fn ttl_ms(&mut self, key: &[u8]) -> Option<u64> {
        self.store.borrow().ttl_ms(key)
    }

    fn time_us(&mut self) -> u64 {
        self.store.borrow().time_us
    }
}

impl FakeRedis {
    fn run(&self, key: &[u8], args: &[Vec<u8>]) -> mlua::Result<Value> {
        let globals = self.lua.globals();
        let keys = self.lua.create_table_with_capacity(1, 0)?;
        keys.raw_set(1, self.lua.create_string(key)?)?;
        let argv = self.lua.create_table_with_capacity(args.len(), 0)?;
        for (at, arg) in args.iter().enumerate() {
            argv.raw_set(at + 1, self.lua.create_string(arg)?)?;
        }
        globals.raw_set("KEYS", keys)?;
        globals.raw_set("ARGV", argv)?;
        self.script.call(())
    }
}

/// What Redis makes of an element: numbers lose what is behind the point.
fn word(value: Value) -> Vec<u8> {
    match value {
        Value::Integer(number) => number.to_string().into(),
        Value::Number(number) => (number as i64).to_string().into(),
        Value::String(text) => text.as_bytes().to_vec(),
        other => format!("{other:?}").into(),
    }
}

/// An interpreter with what Redis gives a script, in which a global that is not there is an error, as it is in Redis.
fn prepare(store: &Rc<RefCell<Store>>) -> mlua::Result<Lua> {
    let lua = Lua::new_with(StdLib::TABLE | StdLib::STRING | StdLib::MATH, LuaOptions::default())?;
    let redis = lua.create_table()?;
    let shared = Rc::clone(store);
    redis.set(
        "call",
        lua.create_function(move |lua, args: MultiValue| {
            command(lua, &shared, args)?.map_err(mlua::Error::RuntimeError)
        })?,
    )?;
    let shared = Rc::clone(store);
    redis.set(
        "pcall",
        lua.create_function(move |lua, args: MultiValue| match command(lua, &shared, args)? {
            Ok(value) => Ok(value),
            Err(text) => error_reply(lua, &text).map(Value::Table),
        })?,
    )?;
    redis.set("error_reply", lua.create_function(|lua, text: String| error_reply(lua, &text))?)?;
    let globals = lua.globals();
    globals.set("redis", redis)?;
    let guard = lua.create_table()?;
    guard.set(
        "__newindex",
        lua.create_function(|_, (_, name): (Table, String)| -> mlua::Result<()> {
            Err(mlua::Error::RuntimeError(format!("Script attempted to create global variable '{name}'")))
        })?,
    )?;
    guard.set(
        "__index",
        lua.create_function(|_, (_, name): (Table, String)| -> mlua::Result<()> {
            Err(mlua::Error::RuntimeError(format!("Script attempted to access nonexistent global variable '{name}'")))
        })?,
    )?;
    globals.set_metatable(Some(guard))?;
    Ok(lua)
}

fn error_reply(lua: &Lua, text: &str) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.set("err", text)?;
    Ok(table)
}

fn command(lua: &Lua, store: &RefCell<Store>, args: MultiValue) -> mlua::Result<Result<Value, String>> {
    let mut words = args.into_iter().map(word);
    let name = words.next().unwrap_or_default();
    let words: Vec<Vec<u8>> = words.collect();
    match store.borrow_mut().command(&String::from_utf8_lossy(&name), &words) {
        Ok(Answer::Int(number)) => Ok(Ok(Value::Number(number as f64))),
        Ok(Answer::List(list)) => {
            let table = lua.create_table_with_capacity(list.len(), 0)?;
            for (at, word) in list.into_iter().enumerate() {
                table.raw_set(at + 1, lua.create_string(word)?)?;
            }
            Ok(Ok(Value::Table(table)))
        }
        Err(text) => Ok(Err(text)),
    }
}
