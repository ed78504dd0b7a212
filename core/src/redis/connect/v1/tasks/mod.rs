//! The same servers, from tasks on a runtime of tokio.

mod brought;
mod line;
mod subscription;

use alloc::boxed::Box;

pub use brought::Brought;
use line::TaskLine;
use subscription::TaskNotices;

use super::cluster::Cluster;
use super::line::first_of;
use super::single::Single;
use super::{RedisConnect, Servers};
use crate::redis::connect::{
    Answers, AsyncConnect, AsyncConnection, AsyncSubscription, BoxFuture, ScriptCall, Trouble,
};

impl AsyncConnect for RedisConnect {
    fn connect(&self) -> BoxFuture<'_, Result<Box<dyn AsyncConnection>, Trouble>> {
        Box::pin(async move {
            use super::line::Line;
            Ok(match &self.servers {
                Servers::One(info) => {
                    let line = TaskLine::open(info, self.timeouts).await?;
                    Box::new(Single::new(line)) as Box<dyn AsyncConnection>
                }
                Servers::Sentinel(sentinels) => {
                    Box::new(Single::new(sentinels.connect::<TaskLine>(self.timeouts).await?))
                }
                Servers::Cluster(nodes) => Box::new(Cluster::<TaskLine>::open(nodes.clone(), self.timeouts).await?),
            })
        })
    }

    fn subscribe<'a>(&'a self, channel: &'a str) -> BoxFuture<'a, Result<Option<Box<dyn AsyncSubscription>>, Trouble>> {
        Box::pin(async move {
            let listen = |info| async move { TaskNotices::open(&info, self.timeouts, channel).await };
            let notices = match &self.servers {
                Servers::One(info) => listen((**info).clone()).await?,
                Servers::Sentinel(sentinels) => listen(sentinels.find::<TaskLine>(self.timeouts).await?.1).await?,
                // Every node hears of every notice.
                Servers::Cluster(nodes) => first_of(nodes.to_ask(), listen).await?,
            };
            Ok(Some(Box::new(notices) as Box<dyn AsyncSubscription>))
        })
    }
}

impl AsyncConnection for Single<TaskLine> {
    fn exchange<'a>(&'a mut self, calls: &'a [ScriptCall]) -> BoxFuture<'a, Answers> {
        Box::pin(self.make(calls))
    }
}

impl AsyncConnection for Cluster<TaskLine> {
    fn exchange<'a>(&'a mut self, calls: &'a [ScriptCall]) -> BoxFuture<'a, Answers> {
        Box::pin(self.make(calls))
    }
}
