//! Where nothing may change.

use super::app::TestApp;
use super::memo::Memo;
use super::user::User;

/// Somebody with one memo, which must be as it was at the end.
pub struct Scene {
    pub user: User,
    pub memo: Memo,
}

impl Scene {
    pub async fn new(name: &str) -> Self {
        let user = TestApp::shared().user(name).await;
        let memo = user.write("untouched").await;
        Self { user, memo }
    }

    pub async fn nothing_has_changed(self) {
        assert_eq!(self.user.all_memos().await, [self.memo]);
    }
}
