# What a change must pass before it lands
verify:
    .ci/run

# A whole installation at work on this machine, with simulated partners
demo *flags:
    cargo run --release -- demo {{flags}}

# The same with each service as a process of its own
demo-processes *flags:
    cargo build --release --workspace
    cargo run --release -- demo --processes {{flags}}

# How fast it is here: `just bench lifecycle`, `just bench replay`
bench *what:
    cargo run --release -- bench {{what}}

# All tests; a broker is found or fetched as in the demo
test:
    cargo test --workspace

# Writes the JSON Schemas again after a type has changed
schemas:
    cargo run -- schema --out schemas

# Writes the golden files of the workflow again after a rule has changed; read the difference before you keep it
bless:
    BLESS=1 cargo test -p fulfilment
