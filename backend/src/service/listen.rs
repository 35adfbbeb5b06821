//! Connections: accepted, timed, cut, and let finish at the end.

use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{Limits, Parts, Running, Service, meter::While, routes, unread::Impatient};

/// Serves until `end` comes, then lets the requests finish that are under way, for
/// [`Limits::grace`](super::Limits::grace), and cuts the others. A revocation that was written down
/// by then is published, by this process or at the next start. `operator` is for metrics and health
/// alone, and never open to the world.
///
/// # Errors
/// What the listeners say.
pub async fn serve<P: Parts>(
    service: Service<P>,
    listener: TcpListener,
    operator: TcpListener,
    end: impl Future<Output = ()>,
) -> io::Result<()> {
    let running = Running::new(service);
    let limits = running.service.limits;
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let (public, private) =
        (routes::public(Arc::clone(&running)), routes::operators(Arc::clone(&running)));
    // None of them outlives the service.
    let mut tasks = JoinSet::new();
    tasks.spawn(publisher(Arc::clone(&running)));
    let mut end = pin!(end);
    loop {
        let place = async {
            // It is never closed.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted, router) = tokio::select! {
            (place, accepted) = place => (place, accepted, public.clone()),
            accepted = operator.accept() => (None, accepted, private.clone()),
            // Of a task that has ended nothing is left.
            Some(_) = tasks.join_next() => continue,
            () = &mut end => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            // Out of descriptors, or a connection that is gone already: what is open goes on.
            Err(error) => {
                tracing::warn!(%error, "accepting");
                sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // An answer is one small packet.
        let _set = stream.set_nodelay(true);
        let counted = While::new(&running.meter.connections);
        let connection = connection(stream, router, &limits);
        let connection = graceful.watch(connection);
        tasks.spawn(async move {
            let _held = (place, counted);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection was cut");
            }
        });
    }
    drop(listener);
    tracing::info!("no new connections; what is under way ends");
    if timeout(limits.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!("what is still under way is cut");
    }
    tasks.shutdown().await;
    Ok(())
}

/// Publishes what is owed: at once at the start, and again where it failed.
async fn publisher<P: Parts>(running: Arc<Running<P>>) {
    let mut tick = interval(running.service.limits.retry);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(problem) = running.publish_owed().await {
            tracing::error!(code = problem.code(), "a revocation list is owed");
        }
    }
}

type Connection = http1::Connection<TokioIo<Impatient>, TowerToHyperService<Router>>;

fn connection(stream: TcpStream, router: Router, limits: &Limits) -> Connection {
    let stream = Impatient::new(stream, limits.answer_within);
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
}

/// Bytes of a request's head at most, and of what is buffered of a body.
const MAX_HEAD: usize = 16 * 1024;
