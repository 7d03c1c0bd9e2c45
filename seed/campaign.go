package seed

import (
	"time"

	"xinyi/models"
	"xinyi/models/campaign"
)

// newNotices are the campaigns of the demo city: a draft, one that goes out the day after tomorrow, one that was stopped and
// one that was given up. Moved ahead by three days, the sandbox shows the second done, with its true counts.
func newNotices(p *Population, now time.Time) ([]*campaign.Campaign, error) {
	maker, checker := p.byID["staff-credit-1"].Actors(now)[1], p.byID["staff-credit-2"].Actors(now)[1]
	start := models.DayOf(now).Add(2).Clock(10, 7)
	content := func(zh, en, bodyZH, bodyEN string) campaign.Content {
		return campaign.Content{
			Title: models.Words{ZH: zh, EN: en}, Body: models.Words{ZH: bodyZH, EN: bodyEN},
			Class: campaign.Service, Severity: campaign.Info, Audience: campaign.Audience{Region: "430181"},
		}
	}
	week := content("诚信宣传周", "Honesty week", "本周六上午九点，各村广场有信用知识宣讲，欢迎参加。", "On Saturday at nine there are talks on credit in every village square. You are welcome.")
	week.ScheduledAt = &start
	list := []struct {
		id      string
		content campaign.Content
		then    func(*campaign.Campaign) error
	}{
		{"campaign-draft", content("信用就医说明会", "About pay-later care", "古港镇卫生院每周三下午讲解信用就医怎么用。", "Every Wednesday afternoon the clinic of Gugang explains pay-later care."), nil},
		{"campaign-week", week, func(c *campaign.Campaign) error { return c.Approve(checker, now) }},
		{"campaign-stopped", content("讲座改期", "A talk is moved", "原定周五的讲座改到下周一。", "The talk of Friday is moved to Monday."), func(c *campaign.Campaign) error {
			if err := c.Approve(checker, now); err != nil {
				return err
			}
			return c.Stop(maker, "场地另有安排", now)
		}},
		{"campaign-cancelled", content("试发通知", "A trial", "这是一条试发的通知。", "This is a trial."), func(c *campaign.Campaign) error { return c.Cancel(maker, now) }},
	}
	var all []*campaign.Campaign
	for _, one := range list {
		c, err := campaign.New(one.id, maker, one.content, now)
		if err == nil && one.then != nil {
			err = one.then(c)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}
