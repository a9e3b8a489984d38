//! `waybill projection diff`: one order, as the projection holds it beside what its entries say.

use engine::Key;
use serde::Serialize;
use service::settings::NatsSettings;

use super::instances::InstanceArgs;
use super::sides::{Sides, sides};
use super::tree::Difference;
use super::verify::shown;
use crate::exit::{Failure, Verdict};
use crate::order::OrderArgs;
use crate::output::Output;
use crate::reach;
use crate::table::Table;
use crate::text::{bad, line};

/// Which order.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    order: OrderArgs,
    #[command(flatten)]
    instances: InstanceArgs,
}

/// What differs, instance by instance.
#[derive(Debug, Serialize)]
struct Shown {
    order: String,
    instances: Vec<Side>,
}

#[derive(Debug, Serialize)]
struct Side {
    instance: String,
    /// The last entry that was folded for it.
    sequence: u64,
    differs: Vec<Difference>,
}

pub(super) async fn run(args: &Args, nats: &NatsSettings, output: Output) -> Result<Verdict, Failure> {
    let connection = reach::connect(nats).await?;
    let first = reach::stream(&connection.js, fulfilment::LAYOUT.stream).await?.cached_info().state.first_sequence;
    let order = args.order.order.as_str();
    let key = Key::of(order);
    let mut instances = Vec::new();
    for instance in args.instances.found(&connection).await? {
        match sides(&connection, &instance, first, &key).await? {
            Sides::Compared(differs, sequence) => instances.push(Side { instance, sequence, differs }),
            Sides::Aged => {
                let words = "entries of it have left the stream, so it cannot be folded anew; `waybill archive verify` holds \
                             what is archived of it against its own chain";
                return Err(Failure::Refused(format!("order {order}: {words}")));
            }
            Sides::Unreadable(error) => return Err(Failure::Refused(format!("order {order}: {error}"))),
            Sides::Unknown => return Err(Failure::NotFound(format!("nobody knows order {order}"))),
        }
    }
    let is_equal = instances.iter().all(|side| side.differs.is_empty());
    output.show(&Shown { order: order.to_owned(), instances }, render)?;
    Ok(if is_equal { Verdict::Fine } else { Verdict::Wrong })
}

fn render(found: &Shown) -> String {
    let mut text = String::new();
    for side in &found.instances {
        if side.differs.is_empty() {
            let Side { instance, sequence, .. } = side;
            line(&mut text, format!("instance {instance} holds of it what its entries up to {sequence} say"));
            continue;
        }
        line(&mut text, bad(&format!("instance {} holds something else", side.instance)));
        let mut table = Table::new(&["WHERE", "THE PROJECTION HOLDS", "THE ENTRIES SAY"]);
        for Difference { path, holds, should } in &side.differs {
            table.row([path.clone(), shown(holds.as_ref()), shown(should.as_ref())]);
        }
        line(&mut text, table.to_string().trim_end());
    }
    text
}
