//! Quotas, as the command line gives them.

use stage::{Context, Error, Result, anyhow, ensure};

/// How many records may have one value of one key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quota {
    /// JSON pointer to the key.
    pub(crate) pointer: String,
    pub(crate) value: String,
    share: Share,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Share {
    Records(usize),
    Percent(f64),
}

impl Quota {
    /// The quota in records, of a selection of `target`.
    pub(crate) fn records(&self, target: Option<usize>) -> Result<usize> {
        match self.share {
            Share::Records(count) => Ok(count),
            Share::Percent(percent) => {
                let target =
                    target.context("a quota in percent is a share of --target: give --target")?;
                Ok((target as f64 * percent / 100.0).round() as usize)
            }
        }
    }

    /// As messages and summaries call it.
    pub(crate) fn name(&self) -> String {
        format!("{}={}", self.pointer, self.value)
    }
}

impl std::str::FromStr for Quota {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = || anyhow!("not POINTER=VALUE:COUNT or POINTER=VALUE:PERCENT%");
        let (name, share) = text.rsplit_once(':').ok_or_else(wrong)?;
        let (pointer, value) = name.split_once('=').ok_or_else(wrong)?;
        ensure!(pointer.starts_with('/'), "a JSON pointer starts with `/`");
        let share = match share.strip_suffix('%') {
            Some(percent) => {
                let percent = percent.parse().ok();
                let percent = percent.filter(|p| (0.0..=100.0).contains(p));
                Share::Percent(percent.ok_or_else(wrong)?)
            }
            None => Share::Records(share.parse().map_err(|_| wrong())?),
        };
        Ok(Self {
            pointer: pointer.to_owned(),
            value: value.to_owned(),
            share,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_percents_are_read() {
        let quota: Quota = "/light/time=night:20%".parse().unwrap();
        assert_eq!(quota.name(), "/light/time=night");
        assert_eq!(quota.records(Some(333)).unwrap(), 67);
        assert!(quota.records(None).is_err());
        let quota: Quota = "/a=b=c:d:7".parse().unwrap();
        assert_eq!(
            (quota.value.as_str(), quota.records(None).unwrap()),
            ("b=c:d", 7)
        );
    }

    #[test]
    fn what_is_no_quota_is_refused() {
        for text in [
            "",
            "/a=b",
            "a=b:1",
            "/a:1",
            "/a=b:-1",
            "/a=b:101%",
            "/a=b:NaN%",
        ] {
            assert!(text.parse::<Quota>().is_err(), "{text}");
        }
    }
}
