//! What starts a training: which trainer trains which base model, with which numbers, by settings that it reads, and
//! what its script does.
#![allow(
    clippy::too_many_lines,
    reason = "a test is the table of what a trainer is given"
)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at once")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use loaders::bases::{BASES, base};
use loaders::trainers::views;
use loaders::training::{Plan, files, started};
use loaders::view::DataSet;
use serde_json::Value;

use support::{Captions, data_set, laid_out, run, texts, view};

/// The base models that each trainer has a training for.
static TRAINED: [(&str, &str); 8] = [
    (
        "kohya",
        "sd15 sdxl illustrious sd3 flux flux-schnell lumina chroma anima hunyuan-image",
    ),
    (
        "onetrainer",
        "sd15 sdxl illustrious sd3 flux flux2 qwen-image z-image chroma hidream krea2 ideogram anima",
    ),
    (
        "ai-toolkit",
        "sd15 sdxl illustrious sd3 flux flux-schnell flux2 lumina qwen-image z-image chroma hidream krea2 ideogram anima",
    ),
    (
        "diffusers",
        "sd15 sdxl illustrious sd3 flux flux2 lumina qwen-image z-image hidream krea2 ideogram",
    ),
    ("musubi", "flux2 qwen-image z-image krea2 ideogram"),
    (
        "diffusion-pipe",
        "sdxl illustrious sd3 flux flux-schnell flux2 lumina qwen-image z-image chroma hidream krea2 ideogram anima hunyuan-image",
    ),
    (
        "simpletuner",
        "sd15 sdxl illustrious sd3 flux flux-schnell flux2 lumina qwen-image z-image chroma hidream krea2 ideogram anima",
    ),
    ("webdataset", ""),
];

#[test]
fn each_trainer_trains_what_it_can() {
    for (word, names) in TRAINED {
        let trained = BASES.iter().filter(|base| {
            let set = data_set(base.name, "/data");
            started(view(word), &set).unwrap().is_some()
        });
        let trained: Vec<_> = trained.map(|base| base.name).collect();
        assert_eq!(trained.join(" "), names, "{word}");
    }
    assert_eq!(views().count(), TRAINED.len());
}

/// A value of a configuration, at a path of its keys.
fn value(word: &str, name: &str, file: &str, path: &str) -> Value {
    let set = data_set(name, "/data");
    let all = texts(view(word), &set);
    let parsed = parsed(file, &all[file]);
    let found = parsed.pointer(path).cloned();
    found.unwrap_or_else(|| panic!("{file}: {path}: {parsed:#}"))
}

/// A configuration, whatever its form.
fn parsed(file: &str, text: &str) -> Value {
    match Path::new(file).extension().unwrap().to_str().unwrap() {
        "toml" => serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap(),
        "yaml" => serde_saphyr::from_str(text).unwrap(),
        _ => serde_json::from_str(text).unwrap(),
    }
}

#[test]
fn the_numbers_are_those_of_the_manuals() {
    let rows = [
        // docs/sdxl_train_network.md, docs/flux_train_network.md
        ("kohya", "sdxl", "kohya/train.toml", "/learning_rate", 1e-4),
        ("kohya", "sdxl", "kohya/train.toml", "/network_alpha", 8.0),
        ("kohya", "flux", "kohya/train.toml", "/guidance_scale", 1.0),
        (
            "kohya",
            "chroma",
            "kohya/train.toml",
            "/guidance_scale",
            0.0,
        ),
        (
            "kohya",
            "anima",
            "kohya/train.toml",
            "/vae_chunk_size",
            64.0,
        ),
        // training_presets
        (
            "onetrainer",
            "sdxl",
            "onetrainer/config.json",
            "/learning_rate",
            3e-4,
        ),
        (
            "onetrainer",
            "flux2",
            "onetrainer/config.json",
            "/learning_rate",
            3e-5,
        ),
        (
            "onetrainer",
            "sdxl",
            "onetrainer/config.json",
            "/lora_alpha",
            1.0,
        ),
        // docs/supported_models.md, examples/main_example.toml
        (
            "diffusion-pipe",
            "sdxl",
            "diffusion-pipe/train.toml",
            "/model/unet_lr",
            4e-5,
        ),
        (
            "diffusion-pipe",
            "z-image",
            "diffusion-pipe/train.toml",
            "/optimizer/lr",
            2e-5,
        ),
        (
            "diffusion-pipe",
            "flux2",
            "diffusion-pipe/train.toml",
            "/model/shift",
            3.0,
        ),
        // docs/qwen_image.md, docs/zimage.md
        (
            "musubi",
            "qwen-image",
            "musubi/train.toml",
            "/learning_rate",
            5e-5,
        ),
        (
            "musubi",
            "z-image",
            "musubi/train.toml",
            "/discrete_flow_shift",
            2.0,
        ),
        // simpletuner/examples
        (
            "simpletuner",
            "qwen-image",
            "simpletuner/config.json",
            "/flow_schedule_shift",
            1.73,
        ),
        (
            "simpletuner",
            "anima",
            "simpletuner/config.json",
            "/learning_rate",
            1e-5,
        ),
        (
            "simpletuner",
            "flux",
            "simpletuner/config.json",
            "/lora_alpha",
            16.0,
        ),
        // config/examples
        (
            "ai-toolkit",
            "flux",
            "ai-toolkit/config.yaml",
            "/config/process/0/train/lr",
            1e-4,
        ),
        (
            "ai-toolkit",
            "hidream",
            "ai-toolkit/config.yaml",
            "/config/process/0/train/lr",
            2e-4,
        ),
        (
            "ai-toolkit",
            "flux-schnell",
            "ai-toolkit/config.yaml",
            "/config/process/0/sample/sample_steps",
            4.0,
        ),
    ];
    for (word, name, file, path, expected) in rows {
        let found = value(word, name, file, path).as_f64().unwrap();
        assert!(
            (found - expected).abs() < 1e-12,
            "{word}, {name}: {path}: {found}"
        );
    }
}

#[test]
fn steps_rank_and_prompts_come_of_the_images() {
    let set = data_set("flux1", "/data");
    let plan = Plan::of(&set).unwrap().unwrap();
    // Six images, two of them shown three times; one subject: 1500 steps at least.
    assert_eq!(
        (plan.steps, plan.rank, plan.epoch, plan.epochs()),
        (1500, 16, 10, 150)
    );
    assert_eq!(plan.every, 188, "an eighth");
    assert_eq!(
        plan.prompts,
        ["lucap boy, held back at 6", "lucap boy, held back at 7"],
        "what the training does not see"
    );
    let mut none = set.clone();
    none.base = None;
    assert_eq!(Plan::of(&none).unwrap(), None);
    for view in views() {
        let own = laid_out(|layout| view.layout(&none, layout));
        let all = laid_out(|layout| files(view, &none, layout));
        assert_eq!(all, own, "{}", view.word());
    }
}

#[test]
fn held_back_images_are_used_where_the_trainer_can() {
    for (word, file, path, expected) in [
        (
            "kohya",
            "kohya/masked.toml",
            "/datasets/1/subsets/0/image_dir",
            "/data/kohya/validation",
        ),
        (
            "onetrainer",
            "onetrainer/concepts.json",
            "/2/path",
            "/data/onetrainer/validation",
        ),
        (
            "diffusion-pipe",
            "diffusion-pipe/train.toml",
            "/eval_datasets/0/config",
            "/data/diffusion-pipe/validation.toml",
        ),
        (
            "ai-toolkit",
            "ai-toolkit/config.yaml",
            "/config/process/0/train/validation_config/validation_items/1/image_path",
            "/data/ai-toolkit/validation/i7.png",
        ),
    ] {
        assert_eq!(value(word, "sdxl", file, path), expected, "{word}");
    }
    assert_eq!(
        value(
            "kohya",
            "sdxl",
            "kohya/masked.toml",
            "/datasets/1/validation_split"
        ),
        1.0
    );
    assert_eq!(
        value(
            "onetrainer",
            "sdxl",
            "onetrainer/config.json",
            "/validation"
        ),
        true
    );
    assert_eq!(
        value(
            "simpletuner",
            "sdxl",
            "simpletuner/config.json",
            "/eval_steps_interval"
        ),
        188
    );
}

#[test]
fn masks_are_switched_on() {
    assert_eq!(
        value("kohya", "sdxl", "kohya/train.toml", "/masked_loss"),
        true
    );
    assert_eq!(
        value("kohya", "sdxl", "kohya/train.toml", "/dataset_config"),
        "/data/kohya/masked.toml"
    );
    assert_eq!(
        value(
            "onetrainer",
            "sdxl",
            "onetrainer/config.json",
            "/masked_training"
        ),
        true
    );
}

#[test]
fn images_that_are_shown_more_often_are_a_subset_of_their_own() {
    for (word, file, paths) in [
        (
            "kohya",
            "kohya/dataset.toml",
            [
                "/datasets/0/subsets/0/num_repeats",
                "/datasets/0/subsets/1/num_repeats",
            ],
        ),
        (
            "ai-toolkit",
            "ai-toolkit/config.yaml",
            [
                "/config/process/0/datasets/0/num_repeats",
                "/config/process/0/datasets/1/num_repeats",
            ],
        ),
        (
            "onetrainer",
            "onetrainer/concepts.json",
            ["/0/balancing", "/1/balancing"],
        ),
        (
            "diffusion-pipe",
            "diffusion-pipe/dataset.toml",
            ["/directory/0/num_repeats", "/directory/1/num_repeats"],
        ),
        (
            "musubi",
            "musubi/jsonl.toml",
            ["/datasets/0/num_repeats", "/datasets/1/num_repeats"],
        ),
    ] {
        let found = paths.map(|path| value(word, "z-image", file, path).as_f64().unwrap() as u32);
        assert_eq!(found, [1, 3], "{word}");
    }
    // What is written are passes besides the first one, and masks stand between.
    let file = "simpletuner/multidatabackend.json";
    assert_eq!(value("simpletuner", "sdxl", file, "/0/repeats"), 0);
    assert_eq!(value("simpletuner", "sdxl", file, "/2/repeats"), 2);
    assert_eq!(
        value("simpletuner", "sdxl", file, "/2/instance_data_dir"),
        "/data/simpletuner/train/x3"
    );
    assert_eq!(
        value(
            "musubi",
            "z-image",
            "musubi/dataset.toml",
            "/datasets/1/cache_directory"
        ),
        "/data/musubi/cache/x3"
    );
}

/// The settings that a trainer reads, from the list that `tests/trainers/keys.py` made of its sources.
fn known(trainer: &str) -> BTreeMap<String, Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/trainers/golden/keys.json");
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    serde_json::from_value(golden["keys"][trainer].clone()).unwrap()
}

/// Says of keys that are not among those of some sections that they are not.
fn hold<'a>(
    keys: impl IntoIterator<Item = &'a str>,
    known: &BTreeMap<String, Vec<String>>,
    sections: &[&str],
    of: &str,
) {
    for key in keys {
        let is = sections.iter().any(|section| {
            let keys = known
                .get(*section)
                .unwrap_or_else(|| panic!("no section {section}"));
            keys.iter().any(|one| one == key)
        });
        assert!(is, "{of}: the trainer does not read {key}");
    }
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// The options of the commands of a script, by the names of the programs that they are given to.
fn options(script: &str) -> Vec<(String, Vec<String>)> {
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let commands = script.lines().skip_while(|line| !line.starts_with("run "));
    // What stands before a program is for what starts it.
    let mut given = false;
    for line in commands.filter(|line| line.starts_with("run ") || line.starts_with("    ")) {
        given &= !line.starts_with("run ");
        for word in line.trim_end_matches('\\').split_whitespace() {
            let word = word.trim_matches(['"', '\'']);
            if let Some(program) = word.strip_prefix("$TRAINER/") {
                found.push((program.to_owned(), Vec::new()));
                given = true;
            } else if let Some(option) = word.strip_prefix("--").filter(|_| given) {
                let (_, options) = found.last_mut().unwrap();
                options.push(option.split('=').next().unwrap().to_owned());
            }
        }
    }
    found
}

/// All base models that a view trains, with its files.
fn trained(word: &'static str) -> impl Iterator<Item = (&'static str, BTreeMap<String, String>)> {
    let (_, names) = TRAINED.iter().find(|(own, _)| *own == word).unwrap();
    names
        .split(' ')
        .map(move |name| (name, texts(view(word), &data_set(name, "/data"))))
}

#[test]
fn sd_scripts_and_musubi_tuner_read_every_setting() {
    for (word, trainer) in [("kohya", "sd-scripts"), ("musubi", "musubi-tuner")] {
        let known = known(trainer);
        for (name, all) in trained(word) {
            let commands = options(&all[&format!("{word}/train.sh")]);
            let train = commands
                .last()
                .unwrap()
                .0
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned();
            let file = format!("{word}/train.toml");
            let config = parsed(&file, &all[&file]);
            hold(keys(&config), &known, &["", &train], name);
            for (program, options) in &commands {
                let own = program.rsplit('/').next().unwrap();
                let section = known
                    .keys()
                    .find(|section| !section.is_empty() && own.ends_with(&format!("{section}.py")));
                let shared = section.filter(|_| own != train).map_or("", String::as_str);
                hold(
                    options.iter().map(String::as_str),
                    &known,
                    &[shared, own],
                    name,
                );
            }
        }
    }
}

#[test]
fn ai_toolkit_reads_every_setting() {
    let known = known("ai-toolkit");
    for (name, all) in trained("ai-toolkit") {
        let job = parsed("config.yaml", &all["ai-toolkit/config.yaml"]);
        let process = &job["config"]["process"][0];
        let sections = [
            ("network", "NetworkConfig"),
            ("save", "SaveConfig"),
            ("train", "TrainConfig"),
            ("model", "ModelConfig"),
            ("sample", "SampleConfig"),
        ];
        for (key, section) in sections {
            hold(keys(&process[key]), &known, &[section], name);
        }
        for dataset in process["datasets"].as_array().unwrap() {
            hold(keys(dataset), &known, &["DatasetConfig"], name);
        }
        let validation = &process["train"]["validation_config"];
        hold(keys(validation), &known, &["ValidationConfig"], name);
        hold(
            keys(&validation["validation_items"][0]),
            &known,
            &["ValidationItem"],
            name,
        );
        let own = keys(process).into_iter().filter(|key| *key != "type");
        hold(own, &known, &["process"], name);
        let arch = process["model"]["arch"].as_str().unwrap();
        // Those of the first years are no classes of their own: `ModelConfig`.
        if !["sd1", "sdxl", "sd3", "flux", "lumina2"].contains(&arch) {
            hold([arch], &known, &["arch"], name);
        }
    }
}

#[test]
fn diffusion_pipe_reads_every_setting() {
    let known = known("diffusion-pipe");
    for (name, all) in trained("diffusion-pipe") {
        let config = parsed("train.toml", &all["diffusion-pipe/train.toml"]);
        hold(keys(&config), &known, &[""], name);
        for section in ["model", "adapter"] {
            hold(keys(&config[section]), &known, &[""], name);
        }
    }
}

#[test]
fn one_trainer_reads_every_setting() {
    let known = known("onetrainer");
    for (name, all) in trained("onetrainer") {
        let config = parsed("config.json", &all["onetrainer/config.json"]);
        let own = keys(&config).into_iter().filter(|key| *key != "__version");
        hold(own, &known, &["TrainConfig"], name);
        for (key, value) in config.as_object().unwrap() {
            if value.is_object() {
                let section = match key.as_str() {
                    "optimizer" => "TrainOptimizerConfig",
                    "quantization" => "QuantizationConfig",
                    _ => "TrainModelPartConfig",
                };
                hold(keys(value), &known, &[section], name);
            }
            if let Some(kind) = value.get("weight_dtype") {
                hold([kind.as_str().unwrap()], &known, &["DataType"], name);
            }
        }
        for (key, section) in [
            ("model_type", "ModelType"),
            ("output_model_format", "ModelFormat"),
            ("timestep_distribution", "TimestepDistribution"),
            ("training_method", "TrainingMethod"),
            ("learning_rate_scheduler", "LearningRateScheduler"),
            ("save_every_unit", "TimeUnit"),
            ("attention_mechanism", "AttentionMechanism"),
        ] {
            hold(
                config.get(key).and_then(Value::as_str),
                &known,
                &[section],
                name,
            );
        }
        let samples = parsed("samples.json", &all["onetrainer/samples.json"]);
        hold(keys(&samples[0]), &known, &["SampleConfig"], name);
        let values = all["onetrainer/train.sh"]
            .matches("--config-value=")
            .count();
        let own = all["onetrainer/train.sh"].split("--config-value=").skip(1);
        let own: Vec<_> = own.map(|part| part.split('=').next().unwrap()).collect();
        assert_eq!(own.len(), values);
        hold(own, &known, &["TrainConfig"], name);
    }
}

#[test]
fn simpletuner_reads_every_setting() {
    let known = known("simpletuner");
    for (name, all) in trained("simpletuner") {
        let config = parsed("config.json", &all["simpletuner/config.json"]);
        hold(keys(&config), &known, &[""], name);
        let family = config["model_family"].as_str().unwrap();
        hold([family], &known, &["model_family"], name);
        hold(
            [config["model_flavour"].as_str().unwrap()],
            &known,
            &[&format!("flavour {family}")],
            name,
        );
    }
}

#[test]
fn the_scripts_of_diffusers_take_every_option() {
    let known = known("diffusers");
    for (name, all) in trained("diffusers") {
        let commands = options(&all["diffusers-train/train.sh"]);
        assert_eq!(commands.len(), 1);
        let (program, options) = &commands[0];
        hold(options.iter().map(String::as_str), &known, &[program], name);
        assert!(
            !all.keys()
                .any(|path| path.starts_with("diffusers/") && path.contains(".sh")),
            "it would be loaded"
        );
    }
}

#[test]
fn a_script_says_what_is_missing_by_name() {
    let here = run::Folder::of(view("kohya"), &data_set("flux", "ROOT"));
    let (said, code) = here.train(&[], "/");
    assert_eq!(code, 2, "{said}");
    for part in [
        "TRAINER is not set: the folder of sd-scripts",
        "MODEL is not set",
        "CLIP_L is not set",
        "T5XXL is not set",
        "AE is not set",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let set: Vec<_> = ["MODEL", "CLIP_L", "T5XXL", "AE"]
        .map(|name| (name, "/dev/null"))
        .into();
    let (said, code) = here.train(&[&set[..], &[("TRAINER", "/dev")]].concat(), "/");
    assert_eq!(code, 2);
    assert!(
        said.contains("TRAINER: /dev: has no flux_train_network.py"),
        "{said}"
    );
    let (said, _) = here.train(&[("MODEL", "/nowhere")], "/");
    assert!(
        said.contains("MODEL: /nowhere: no such file or folder"),
        "{said}"
    );
    let (said, code) = here.train(&[("STEPS", "many")], "/");
    assert!(
        code == 2 && said.contains("STEPS: many: is not a whole number"),
        "{said}"
    );
}

#[test]
fn every_script_says_its_commands_from_any_folder() {
    for (word, names) in TRAINED {
        for name in names.split(' ').filter(|name| !name.is_empty()) {
            for root in ["ROOT", "."] {
                let here = run::Folder::of(view(word), &data_set(name, root));
                let (said, code) = here.dry("/", &[]);
                assert_eq!(code, 0, "{word}, {name}: {said}");
                let trainer = here.path("trainer");
                assert!(
                    said.contains(trainer.to_str().unwrap()),
                    "{word}, {name}: {said}"
                );
                assert_eq!(said, here.dry("/usr", &[]).0, "{word}, {name}");
                assert!(!here.path("out").exists(), "a dry run writes nothing");
            }
        }
    }
}

#[test]
fn windows_is_given_the_same_commands_and_configurations() {
    let own = [("STEPS", "77"), ("RANK", "8"), ("LEARNING_RATE", "0.5")];
    for (word, names) in TRAINED {
        for name in names.split(' ').filter(|name| !name.is_empty()) {
            let here = run::Folder::of(view(word), &data_set(name, "ROOT"));
            let there = run::Folder::of(view(word), &data_set(name, "C:/data"));
            let by_shell = here.noted("train.sh", "ROOT", &own);
            let by_python = there.noted("train.py", "C:/data", &own);
            assert_eq!(by_python, by_shell, "{word}, {name}");
            assert!(by_shell.0.contains("ROOT/trainer"), "{word}, {name}");
        }
    }
}

#[test]
fn paths_of_windows_are_on_a_drive_or_on_a_machine_of_its_network() {
    for (root, there) in [
        ("C:/data", true),
        ("//wsl.localhost/Ubuntu/tmp/w", true),
        ("//wsl$/Ubuntu/tmp/w", true),
        (r"\\server\share\w", true),
        ("/data", false),
        ("///data", false),
        ("data", false),
        (".", false),
    ] {
        for view in views() {
            let set = data_set("sdxl", root);
            let Some(how) = started(view, &set).unwrap() else {
                continue;
            };
            let scripts: Vec<_> = texts(view, &set).into_keys().collect();
            let has = |name: &str| scripts.iter().any(|path| path.ends_with(name));
            for name in ["/train.cmd", "/train.py", "/train.json", "/search.cmd"] {
                assert_eq!(has(name), there, "{root}: {name}");
            }
            for name in ["/train.sh", "/search.sh"] {
                assert_eq!(has(name), !there, "{root}: {name}");
            }
            assert_eq!(how.contains("train.cmd"), there, "{root}: {how}");
        }
    }
}

#[test]
fn windows_starts_by_a_batch_file() {
    let mut set = data_set("sdxl", "C:/data");
    set.title = "50 % \"lucap\" & \u{fc}ber > all";
    let all = texts(view("kohya"), &set);
    assert!(!all.contains_key("kohya/train.sh"), "no shell is there");
    let batch = &all["kohya/train.cmd"];
    assert_eq!(batch.matches('\n').count(), batch.matches("\r\n").count());
    assert!(
        batch.ends_with("\"%STARTS%\" \"%~dp0train.py\" %*\r\n"),
        "{batch}"
    );
    let remarks: String = batch
        .lines()
        .filter(|line| line.starts_with("rem "))
        .collect();
    assert!(
        !remarks.contains(['%', '&', '>', '"', '^', '\u{fc}']),
        "signs of the command line: {remarks}"
    );
    assert!(all["kohya/search.cmd"].contains(" --learning-rate=0.0001 --rank=16 --steps=1500 "));
    assert_eq!(
        started(view("kohya"), &set).unwrap().unwrap(),
        r"kohya\train.cmd TRAINER=… MODEL=…"
    );
}

#[test]
fn on_windows_settings_stand_before_what_goes_to_the_trainer() {
    let here = run::Folder::of(view("kohya"), &data_set("sdxl", "C:/data"));
    let (said, code) = here.on_windows(&["STEPS=55", "--lowram", "A=B"], &[]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("--max_train_steps=55"), "{said}");
    assert!(said.ends_with("--lowram A=B\n"), "{said}");
    for (name, value, wrong) in [
        (
            "TRAINER",
            "",
            "TRAINER is not set: the folder of sd-scripts",
        ),
        (
            "TRAINER",
            "/dev",
            "TRAINER: /dev: has no sdxl_train_network.py",
        ),
        (
            "MODEL",
            "/nowhere",
            "MODEL: /nowhere: no such file or folder",
        ),
        ("STEPS", "0900", "STEPS: 0900: is not a whole number"),
        (
            "LEARNING_RATE",
            "1,5e-4",
            "LEARNING_RATE: 1,5e-4: is not a number",
        ),
    ] {
        let (said, code) = here.on_windows(&[], &[(name, value)]);
        assert_eq!(code, 2, "{name}: {said}");
        assert!(said.contains(wrong), "{wrong}: {said}");
    }
    std::fs::remove_dir_all(here.path("C:/data/kohya/train")).unwrap();
    let (said, code) = here.on_windows(&[], &[]);
    assert_eq!(code, 2);
    assert!(
        said.contains("C:/data/kohya/train/1_lucap_boy: no such folder: the data set was moved"),
        "{said}"
    );
}

#[test]
fn the_environment_has_the_last_word() {
    let own = [
        ("STEPS", "77"),
        ("RANK", "8"),
        ("LEARNING_RATE", "0.5"),
        ("SEED", "9"),
    ];
    let here = run::Folder::of(view("kohya"), &data_set("sdxl", "ROOT"));
    let (said, _) = here.dry("/", &own);
    for part in [
        "--max_train_steps=77",
        "--network_dim=8",
        "--network_alpha=4",
        "--learning_rate=0.5",
        "--seed=9",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for (word, file, expected) in [
        (
            "ai-toolkit",
            "config.yaml",
            [
                ("/config/process/0/train/steps", 77.0),
                ("/config/process/0/network/linear_alpha", 8.0),
            ],
        ),
        (
            "diffusion-pipe",
            "train.toml",
            [("/max_steps", 77.0), ("/model/unet_lr", 0.5)],
        ),
        (
            "simpletuner",
            "config.json",
            [("/lora_rank", 8.0), ("/seed", 9.0)],
        ),
    ] {
        let here = run::Folder::of(view(word), &data_set("sdxl", "ROOT"));
        let (said, code) = here.wet(&own);
        assert_eq!(code, 0, "{word}: {said}");
        let text = std::fs::read_to_string(here.path("out").join(file)).unwrap();
        let config = parsed(file, &text);
        for (path, number) in expected {
            assert_eq!(
                config.pointer(path).and_then(Value::as_f64),
                Some(number),
                "{word}: {path}: {text}"
            );
        }
        let model = here.path("MODEL \"quoted\" \\");
        assert!(
            text.contains(&serde_json::to_string(model.to_str().unwrap()).unwrap()),
            "{word}: {text}"
        );
    }
}

#[test]
fn onetrainer_finds_relative_folders_from_its_own() {
    for root in [".", r#"it's "$HOME" `id`/a\b"#] {
        let here = run::Folder::of(view("onetrainer"), &data_set("sdxl", root));
        let (said, code) = here.wet(&[]);
        assert_eq!(code, 0, "{root}: {said}");
        let concepts = std::fs::read_to_string(here.path("out/concepts.json")).unwrap();
        let concepts: Value = serde_json::from_str(&concepts).unwrap();
        for concept in concepts.as_array().unwrap() {
            let folder = Path::new(concept["path"].as_str().unwrap());
            assert!(
                folder.is_absolute() && folder.is_dir(),
                "{}",
                folder.display()
            );
        }
    }
}

#[test]
fn of_several_captions_none_is_embedded_beforehand() {
    let mut set = data_set("sdxl", "/data");
    let embedded = |set: &DataSet<'_>| {
        let text = &texts(view("kohya"), set)["kohya/train.toml"];
        assert!(text.contains("network_train_unet_only = true"), "{text}");
        text.contains("cache_text_encoder_outputs")
    };
    assert!(embedded(&set));
    set.examples[0].captions = 2;
    assert!(!embedded(&set));
}

#[test]
fn numbers_and_models_that_are_none_are_refused() {
    let here = run::Folder::of(view("onetrainer"), &data_set("sdxl", "ROOT"));
    let there = run::Folder::of(view("onetrainer"), &data_set("sdxl", "C:/data"));
    for (name, value, said) in [
        ("LEARNING_RATE", "1,5e-4", "is not a number"),
        ("STEPS", "0900", "is not a whole number"),
        ("STEPS", "0", "must be above 0"),
        ("RANK", "0", "must be above 0"),
        ("RANK", "-4", "is not a whole number"),
        ("LEARNING_RATE", "0", "must be above 0 and finite"),
        ("LEARNING_RATE", "0.0e3", "must be above 0 and finite"),
        ("LEARNING_RATE", "1e999", "must be above 0 and finite"),
        ("LEARNING_RATE", "1e-999", "must be above 0 and finite"),
        ("LEARNING_RATE", "nan", "is not a number"),
        ("MODEL", "/no/such/model", "no such file or folder"),
    ] {
        let by_shell = here.dry("/", &[(name, value)]);
        let by_python = there.on_windows(&[], &[(name, value)]);
        for (told, code) in [by_shell, by_python] {
            assert_eq!(code, 2, "{name}: {told}");
            assert!(told.contains(&format!("{name}: {value}: {said}")), "{told}");
        }
    }
    for (name, value) in [
        ("LEARNING_RATE", "2e-5"),
        ("LEARNING_RATE", ".5"),
        ("SEED", "0"),
        ("MODEL", "someone/model"),
    ] {
        let by_shell = here.dry("/", &[(name, value)]);
        let by_python = there.on_windows(&[], &[(name, value)]);
        for (told, code) in [by_shell, by_python] {
            assert_eq!(code, 0, "{name}: {told}");
        }
    }
}

#[test]
fn no_prompt_begins_a_setting_or_a_remark() {
    let set = data_set("sdxl", "/data");
    for (word, file) in [
        ("kohya", "kohya/prompts.txt"),
        ("musubi", "musubi/prompts.txt"),
    ] {
        let mut set = set.clone();
        set.base = Some(base(if word == "musubi" { "z-image" } else { "sdxl" }).unwrap());
        set.says = &Captions(|_| "# a --- b --w 9");
        let text = texts(view(word), &set)[file].clone();
        let line = text.lines().next().unwrap();
        assert!(line.starts_with("a - b w 9 --"), "{word}: {line}");
    }
}

#[test]
fn what_stands_in_a_title_stays_a_word() {
    let mut set = data_set("flux", "ROOT");
    set.title = "it's $HOME `id`";
    let here = run::Folder::of(view("diffusers"), &set);
    let (said, code) = here.dry("/", &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains(r"'--instance_prompt=it'\''s $HOME `id`'"),
        "{said}"
    );
}

#[test]
fn a_data_set_that_was_moved_is_spoken_of() {
    let here = run::Folder::of(view("kohya"), &data_set("sdxl", "/somewhere/else"));
    let (said, code) = here.dry("/", &[]);
    assert_eq!(code, 2);
    assert!(
        said.contains(
            "/somewhere/else/kohya/train/1_lucap_boy: no such folder: the data set was moved"
        ),
        "{said}"
    );
}

#[test]
fn a_search_says_what_it_would_try() {
    let here = run::Folder::of(view("kohya"), &data_set("sdxl", "ROOT"));
    let (said, code) = here.search(&["--dry-run", "--trials", "3"], &[]);
    assert_eq!(code, 0, "{said}");
    assert!(
        said.contains(
            "learning rate 2e-05 to 0.0005, rank [8, 16, 32], steps [750, 1500, 2250]: 3 trials"
        ),
        "{said}"
    );
    assert!(said.contains("--network_dim=16"), "{said}");
    let (said, code) = here.search(&["--trials", "0"], &[]);
    assert!(
        code != 0 && said.contains("--trials 0: is under 1"),
        "{said}"
    );
}

#[test]
fn the_aliases_lead_to_a_base_model() {
    assert_eq!(base("flux1").unwrap().name, "flux");
    assert_eq!(base("illustrious").unwrap().network, "sdxl");
}
