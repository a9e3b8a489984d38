use crate::another_process;
use clap::Parser;
use service::settings::{NatsSettings, refuse_unknown_env};

#[derive(Debug, Parser)]
struct Cli {
    #[command(flatten)]
    nats: NatsSettings,
}

/// Not a test of its own: says what it would connect to with the flags in `TEST_FLAGS`.
#[test]
fn process_that_says_its_server() {
    let Ok(flags) = std::env::var("TEST_FLAGS") else { return };
    let cli = Cli::parse_from(["test"].into_iter().chain(flags.split_whitespace()));
    let server = cli.nats.resolve().unwrap();
    println!("\nserver {} as {:?} trusting {:?}", server.urls, server.identity, server.ca);
    if let Err(error) = refuse_unknown_env(&["WAYBILL_LOG", "WAYBILL_HTTP"]) {
        println!("refused {error}");
    }
}

async fn said(flags: &str, environment: &[(&str, &str)]) -> Vec<String> {
    let mut process = another_process("precedence::process_that_says_its_server");
    for name in ["NATS_URL", "NATS_CONTEXT", "NATS_CREDS", "NATS_NKEY", "NATS_CA"] {
        process.env_remove(name);
    }
    let output = process.env("TEST_FLAGS", flags).envs(environment.iter().copied()).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let ours = text.lines().filter(|line| line.starts_with("server ") || line.starts_with("refused "));
    ours.map(str::to_owned).collect()
}

#[tokio::test]
async fn a_flag_beats_the_environment_and_that_beats_the_context() {
    let folder = tempfile::tempdir().unwrap();
    let contexts = folder.path().join("nats/context");
    std::fs::create_dir_all(&contexts).unwrap();
    let file = r#"{ "url": "nats://context:1", "user": "ann", "password": "x", "ca": "/context.pem" }"#;
    std::fs::write(contexts.join("prod.json"), file).unwrap();
    let config = ("XDG_CONFIG_HOME", folder.path().to_str().unwrap());

    assert_eq!(said("", &[config]).await, ["server nats://127.0.0.1:4222 as Anonymous trusting None"]);
    let context = ("NATS_CONTEXT", "prod");
    let as_ann = r#"as User("ann", "x") trusting Some("/context.pem")"#;
    assert_eq!(said("", &[config, context]).await, [format!("server nats://context:1 {as_ann}")]);
    let url = ("NATS_URL", "nats://environment:2");
    assert_eq!(said("", &[config, context, url]).await, [format!("server nats://environment:2 {as_ann}")]);
    assert_eq!(
        said("--nats-url nats://flag:3 --nats-nkey /seed", &[config, context, url, ("NATS_CA", "/env.pem")]).await,
        [r#"server nats://flag:3 as NKey("/seed") trusting Some("/env.pem")"#]
    );
}

#[tokio::test]
async fn a_mistyped_variable_is_refused() {
    let said = said("", &[("WAYBILL_HTPP", "127.0.0.1:1"), ("WAYBILL_LOG", "info")]).await;
    assert!(said[1].contains("WAYBILL_HTPP, did you mean WAYBILL_HTTP?"), "{said:?}");
}
